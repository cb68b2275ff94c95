/** Where the timeout of a blocking command is among its arguments, and in which unit. */
interface Timeout {
  readonly index: number;
  readonly unitMs: number;
  readonly shortestMs: number;
}

type FindTimeout = (args: readonly unknown[]) => Timeout | undefined;

/** Redis 6.2 rounds down to milliseconds: `BLPOP key 0.001` blocks for ever there, as measured on 6.2.16. */
const seconds = (index: number): FindTimeout => at(index, { unitMs: 1000, shortestMs: 2 });
const milliseconds = (index: number): FindTimeout => at(index, { unitMs: 1, shortestMs: 1 });

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
 * The timeout with which a command is sent `elapsedMs` after it was issued, so that it waits no longer in total than its
 * caller asked for. If no time is left, it is the shortest one: a server takes 0 as "for ever". Undefined if the command
 * waits for ever or not at all.
 */
export function timeoutLeft(
  { name, args }: { readonly name: string; readonly args: readonly unknown[] },
  elapsedMs: number,
): { readonly index: number; readonly value: string } | undefined {
  const timeout = TIMEOUTS[name.toLowerCase()]?.(args);
  const given = timeout === undefined ? Number.NaN : Number(String(args[timeout.index]));
  if (timeout === undefined || !(given > 0)) {
    return undefined;
  }
  const leftMs = Math.max(timeout.shortestMs, Math.ceil(given * timeout.unitMs - elapsedMs));
  return { index: timeout.index, value: String(leftMs / timeout.unitMs) };
}

/** A negative index counts from the end. */
function at(index: number, unit: Omit<Timeout, 'index'>): FindTimeout {
  return (args) => ({ index: index < 0 ? args.length + index : index, ...unit });
}

/** Reads the options in order, because a key, a group or a consumer may be named `block`. */
function findBlockOption(args: readonly unknown[]): Timeout | undefined {
  for (let index = 0; index < args.length; index += 1) {
    switch (String(args[index]).toLowerCase()) {
      case 'block':
        return { index: index + 1, unitMs: 1, shortestMs: 1 };
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
