import { isReadOnly } from './command-traits.js';

/**
 * A command whose reply was lost, so that it may have been executed.
 *
 * @publicApi
 */
export interface LostCommand {
  /** In lower case. */
  readonly name: string;
  readonly args: readonly unknown[];
}

/**
 * Which commands are sent again where their reply was lost with the connection; others end in `UnknownOutcomeError`.
 *
 * - `reads`: commands that only read. They are sent again under every policy.
 * - `idempotent`: also those that leave the same data when they are executed twice in a row: those of
 *   `idempotentCommands`. The reply is that of the last execution, so that a `DEL` that deleted may answer 0, and what
 *   another client wrote in between is overwritten.
 * - `all`: everything, so that an `INCR` may count twice.
 * - A function: asked of each command that is not a read. One that throws has said no.
 *
 * A transaction is never sent again, nor is a command of `multi({ pipeline: false })`.
 *
 * @publicApi
 */
export type Resend = (typeof resendPolicies)[number] | ((command: LostCommand) => boolean);

export const resendPolicies = ['reads', 'idempotent', 'all'] as const;

/** Whether a command may be executed a second time. */
export function mayResend(resend: Resend, { name, args }: LostCommand): boolean {
  if (isReadOnly(name)) {
    return true;
  }
  const command = { name: name.toLowerCase(), args };
  switch (resend) {
    case 'reads':
      return false;
    case 'idempotent':
      return isIdempotent(command);
    case 'all':
      return true;
    default:
      return asks(resend, command);
  }
}

function asks(resend: (command: LostCommand) => boolean, command: LostCommand): boolean {
  try {
    // Whatever the types say: a promise, say, is no yes.
    const answer: unknown = resend(command);
    return answer === true;
  } catch {
    return false;
  }
}

/**
 * Commands that leave the same data when they are executed twice in a row, by what redis.io says of each. Not among them
 * are those whose effect depends on what they find, such as `SETNX`; and of those below, any call with one of the
 * conditional or reading options `NX`, `XX`, `GT`, `LT`, `INCR`, `GET`, `IFEQ` and the like, because the second
 * execution would tell something else than the first.
 */
export const idempotentCommands: ReadonlySet<string> = new Set([
  'del',
  'expire',
  'expireat',
  'geoadd',
  'hdel',
  'hmset',
  'hset',
  'lset',
  'mset',
  'persist',
  'pexpire',
  'pexpireat',
  'pfadd',
  'psetex',
  'sadd',
  'set',
  'setbit',
  'setex',
  'setrange',
  'srem',
  'touch',
  'unlink',
  'xack',
  'xdel',
  'zadd',
  'zrem',
]);

/** Where the options of a command begin, for those that have any: a value may read like an option. */
const OPTIONS_FROM: Readonly<Record<string, number>> = {
  expire: 2,
  expireat: 2,
  geoadd: 1,
  pexpire: 2,
  pexpireat: 2,
  set: 2,
  zadd: 1,
};

const CONDITIONS = /^(nx|xx|gt|lt|incr|get|ch|ifeq|ifne|ifdeq|ifdne)$/i;

function isIdempotent({ name, args }: LostCommand): boolean {
  if (!idempotentCommands.has(name)) {
    return false;
  }
  const from = OPTIONS_FROM[name];
  return from === undefined || !args.slice(from).some((each) => CONDITIONS.test(String(each)));
}
