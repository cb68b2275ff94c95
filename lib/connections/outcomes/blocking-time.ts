import type { Command } from 'ioredis';

/** Where the timeout of a blocking command is among its arguments, and in which unit. */
interface Timeout {
  readonly index: number;
  readonly unitMs: number;
}

type FindTimeout = (args: readonly unknown[]) => Timeout | undefined;

const seconds = (index: number): FindTimeout => at(index, 1000);
const milliseconds = (index: number): FindTimeout => at(index, 1);

/** Commands that wait on a server for at most a given time. */
const TIMEOUTS: Readonly<Record<string, FindTimeout>> = {
  blmove: seconds(-1),
  blmovem: seconds(4),
  blmpop: seconds(0),
  blpop: seconds(-1),
  brpop: seconds(-1),
  brpoplpush: seconds(-1),
  bzmpop: seconds(0),
  bzpopmax: seconds(-1),
  bzpopmin: seconds(-1),
  wait: milliseconds(1),
  waitaof: milliseconds(2),
  xread: findBlockOption,
  xreadgroup: findBlockOption,
};

/** In lower case. */
export const timedCommands: readonly string[] = Object.keys(TIMEOUTS);

/**
 * The arguments for sending a command `elapsedMs` after it was issued, so that it waits no longer in total than its
 * caller asked for. If no time is left, it waits for the shortest time possible: a server takes a timeout of 0 as
 * "for ever", and its reply has the right form. A timeout of 0 stays 0.
 */
export function withTimeLeft(
  { name, args }: { readonly name: string; readonly args: readonly unknown[] },
  elapsedMs: number,
): readonly unknown[] {
  const timeout = TIMEOUTS[name.toLowerCase()]?.(args);
  const given = timeout === undefined ? Number.NaN : Number(String(args[timeout.index]));
  if (timeout === undefined || !(given > 0)) {
    return args;
  }
  const leftMs = Math.max(1, Math.ceil(given * timeout.unitMs - elapsedMs));
  return args.map((arg, index) => (index === timeout.index ? String(leftMs / timeout.unitMs) : arg));
}

/** A negative index counts from the end. */
function at(index: number, unitMs: number): FindTimeout {
  return (args) => ({ index: index < 0 ? args.length + index : index, unitMs });
}

/** Reads the options in order, because a key, a group or a consumer may be named `block`. */
function findBlockOption(args: readonly unknown[]): Timeout | undefined {
  for (let index = 0; index < args.length; index += 1) {
    switch (String(args[index]).toLowerCase()) {
      case 'block':
        return { index: index + 1, unitMs: 1 };
      case 'group':
        index += 2;
        break;
      case 'count':
        index += 1;
        break;
      case 'streams':
        return undefined;
      default:
    }
  }
  return undefined;
}

/** Remembers when blocking commands were issued. */
export class BlockingTimes {
  readonly #issuedAt = new WeakMap<Command, number>();

  note(command: Command): void {
    if (timed.has(command.name)) {
      this.#issuedAt.set(command, performance.now());
    }
  }

  /** Call it before a command is sent later than it was issued. */
  shorten(command: Command): void {
    const issuedAt = this.#issuedAt.get(command);
    if (issuedAt !== undefined) {
      const args = withTimeLeft(command, performance.now() - issuedAt);
      command.args.splice(0, command.args.length, ...(args as typeof command.args));
    }
  }
}

const timed = new Set(timedCommands.flatMap((name) => [name, name.toUpperCase()]));
