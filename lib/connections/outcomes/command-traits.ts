import { exists, hasFlag } from '@ioredis/commands';
import { commandTable } from './command-table.js';
import { timedCommands } from './blocking-time.js';

/** A command as far as its traits depend on it: for some, on the subcommand in the first argument. */
interface Named {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** Whether it is the name of a command, in lower case as the methods of ioredis. */
export function isCommand(name: string): boolean {
  return lookUp(name).known;
}

/** Whether a command only reads or reports, so that it can safely be sent again and a reader may send it. */
export function isHarmless({ name, args }: Named): boolean {
  const { harmless, subcommands } = lookUp(name);
  return subcommands === undefined ? harmless : isHarmlessSubcommand(subcommands, args[0]);
}

/** Whether a command only changes the connection itself, so that the next connection needs it too. */
export function isConnectionState(name: string): boolean {
  return lookUp(name).connectionState;
}

/** Whether the command may wait for data, so that its reply can take arbitrarily long. */
export function isBlocking(name: string): boolean {
  return lookUp(name).blocking;
}

/** Whether the command changes no data and is usually issued without waiting for its reply: messages and subscriptions. */
export function isRarelyAwaited(name: string): boolean {
  return /^(s?publish|[ps]?(un)?subscribe)$/i.test(name);
}

/** Whether the command waits for data of other clients. `WAIT` waits too, but for what this connection has written. */
export function occupiesConnection({
  name,
  args,
}: {
  readonly name: string;
  readonly args: readonly unknown[];
}): boolean {
  switch (name.toLowerCase()) {
    case 'wait':
    case 'waitaof':
      return false;
    case 'xread':
    case 'xreadgroup':
      return args.some((each) => /^block$/i.test(String(each)));
    default:
      return isBlocking(name);
  }
}

/** Whether the command may wait for data and can be sent again to any node. */
export function isBlockingRead(name: string): boolean {
  return isBlocking(name) && isHarmless({ name, args: [] });
}

/**
 * Whether more must be known of a command than its name: it depends on others, as in a transaction or a scan, or it blocks
 * for a given time. Called for every command, so it must be fast.
 */
export function isTracked(command: { readonly name: string; readonly inTransaction: boolean }): boolean {
  return command.inTransaction || TRACKED.has(command.name);
}

/** Whether a command has a timeout, for which it may wait on a server. */
export function isTimed(name: string): boolean {
  return TIMED.has(name.toLowerCase());
}

/** Whether a command iterates over keys or members by a cursor. */
export function isScan(name: string): boolean {
  return SCANS.has(name.toLowerCase());
}

/** Why a reader must not send a command, as text for the error; `undefined` if it may. */
export function readerRefusal(command: Named): string | undefined {
  const { name } = command;
  const traits = lookUp(name);
  if (traits.connectionState || isHarmless(command) || name.toLowerCase() === 'monitor') {
    return undefined;
  }
  if (SCRIPTS.has(name.toLowerCase())) {
    return `a script may write, and the reader may fall back to the master; use ${name.toUpperCase()}_RO, or the writer`;
  }
  if (TRANSACTIONS.has(name.toLowerCase())) {
    return 'a transaction is for the writer; use a pipeline to read several keys at once';
  }
  return traits.known ? 'it is not a read; use the writer' : 'it is not known to be a read; use the writer';
}

interface Traits {
  readonly known: boolean;
  readonly harmless: boolean;
  /** Whether each subcommand is harmless, by name; absent if the command has none. */
  readonly subcommands?: ReadonlyMap<string, boolean> | undefined;
  readonly connectionState: boolean;
  readonly blocking: boolean;
}

const CONNECTION_STATE = new Set([
  'auth',
  'client',
  'hello',
  'psubscribe',
  'punsubscribe',
  'quit',
  'readonly',
  'readwrite',
  'reset',
  'select',
  'ssubscribe',
  'subscribe',
  'sunsubscribe',
  'unsubscribe',
]);

/** Commands that only report, although the server flags them as forbidden in scripts or meant for administrators. */
const REPORTS = [
  'acl|cat',
  'acl|dryrun',
  'acl|genpass',
  'acl|getuser',
  'acl|list',
  'acl|log',
  'acl|users',
  'acl|whoami',
  'command',
  'config|get',
  'function|dump',
  'function|list',
  'function|stats',
  'latency|doctor',
  'latency|graph',
  'latency|histogram',
  'latency|history',
  'latency|latest',
  'module|list',
  'role',
  'script|exists',
  'slowlog|get',
  'slowlog|len',
];

/** Commands without a flag of a write that have an effect all the same: their message is delivered a second time. */
const DELIVERIES = new Set(['publish', 'spublish']);

const TRANSACTIONS = new Set(['discard', 'exec', 'multi', 'unwatch', 'watch']);

const TIMED = new Set(timedCommands);

const SCANS = new Set(['hscan', 'scan', 'sscan', 'zscan']);

/** In lower case, as the methods of ioredis have them, and in upper case, as they are often passed to `call()`. */
const TRACKED = new Set([...TRANSACTIONS, ...SCANS, ...TIMED].flatMap((name) => [name, name.toUpperCase()]));

const SCRIPTS = new Set(['eval', 'evalsha', 'fcall']);

/** A cache by command name. It is bounded, because `call()` accepts any name. */
const traitsByName = new Map<string, Traits>();
const MAX_NAMES = 1000;

function lookUp(name: string): Traits {
  const found = traitsByName.get(name);
  if (found !== undefined) {
    return found;
  }
  const traits = readTraits(name.toLowerCase());
  if (traitsByName.size < MAX_NAMES) {
    traitsByName.set(name, traits);
  }
  return traits;
}

function readTraits(name: string): Traits {
  const isListed = exists(name);
  const harmless = harmlessByName.get(name);
  return {
    known: isListed || harmless !== undefined || subcommandsByName.has(name),
    // Newer commands than those in our table are known to the version of ioredis that the app has installed.
    harmless: harmless ?? (isListed && hasFlag(name, 'readonly')),
    subcommands: harmless === undefined ? subcommandsByName.get(name) : undefined,
    connectionState: CONNECTION_STATE.has(name),
    blocking: BLOCKING.has(name) || (isListed && hasFlag(name, 'blocking')),
  };
}

function isHarmlessSubcommand(subcommands: ReadonlyMap<string, boolean>, name: unknown): boolean {
  return subcommands.get(String(name).toLowerCase()) === true;
}

const namesIn = (text: string) => text.trim().split(/\s+/);

const { reads, blockingReads, neutral, blocking, others } = commandTable;

const BLOCKING = new Set([...namesIn(blocking), ...namesIn(blockingReads)]);

/** Commands and subcommands. A later entry wins. */
const harmlessByName = new Map<string, boolean>([
  ...[...namesIn(blocking), ...namesIn(others)].map((name) => [name, false] as const),
  ...[reads, blockingReads, neutral].flatMap(namesIn).map((name) => [name, !DELIVERIES.has(name)] as const),
  ...REPORTS.map((name) => [name, true] as const),
]);

const subcommandsByName = groupSubcommands();

function groupSubcommands(): ReadonlyMap<string, ReadonlyMap<string, boolean>> {
  const groups = new Map<string, Map<string, boolean>>();
  for (const [name, isHarmlessOne] of harmlessByName) {
    const [container = '', subcommand] = name.split('|');
    if (subcommand !== undefined) {
      groups.set(
        container,
        (groups.get(container) ?? new Map<string, boolean>()).set(subcommand, isHarmlessOne),
      );
    }
  }
  return groups;
}
