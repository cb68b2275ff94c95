import { isHarmless } from './command-traits.js';

/**
 * A command whose reply was lost. It may have been executed.
 *
 * @publicApi
 */
export interface LostCommand {
  /** In lower case. */
  readonly name: string;
  readonly args: readonly unknown[];
}

/**
 * Which commands are sent again if their reply was lost with the connection. Others end in `UnknownOutcomeError`.
 *
 * - `reads`: commands that only read or report, such as `GET`, `PING` and `INFO`. They are sent again under every policy.
 * - `idempotent`: also the commands in `idempotentCommands`, which leave the same data when they are executed twice in a
 *   row. The reply is that of the last execution, so a `DEL` that deleted a key may return 0. A value that another client
 *   wrote in between is overwritten.
 * - `all`: all commands, so an `INCR` may count twice.
 * - A function: called for each command that is not a read. The command is sent again only if it returns `true`; if it
 *   throws, the command is not sent again.
 *
 * A transaction is never sent again, nor is a command of `multi({ pipeline: false })`.
 *
 * @publicApi
 */
export type Resend = (typeof resendPolicies)[number] | ((command: LostCommand) => boolean);

export const resendPolicies = ['reads', 'idempotent', 'all'] as const;

/** Whether a command may be executed a second time. */
export function mayResend(resend: Resend, { name, args }: LostCommand): boolean {
  if (isHarmless({ name, args })) {
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
      return callPolicy(resend, command);
  }
}

function callPolicy(resend: (command: LostCommand) => boolean, command: LostCommand): boolean {
  try {
    // JavaScript callers may return anything; a promise, for example, is not `true`.
    const answer: unknown = resend(command);
    return answer === true;
  } catch {
    return false;
  }
}

/**
 * Commands that leave the same data when they are executed twice in a row, according to redis.io. Commands whose effect
 * depends on the current data, such as `SETNX`, are not in the list. A call with a conditional or reading option (`NX`,
 * `XX`, `GT`, `LT`, `INCR`, `GET`, `IFEQ` and the like) does not count as idempotent either, because the second execution
 * would reply differently from the first.
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

/** The index of the first option, for commands that have options. Values before it may look like options. */
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
