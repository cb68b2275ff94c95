import { exists, hasFlag } from '@ioredis/commands';
import { timedCommands } from './blocking-time.js';

/** Whether a command only reads data, so that it can safely be sent again and a reader may send it. */
export function isReadOnly(name: string): boolean {
  return lookUp(name).readOnly;
}

/** Whether a command only changes the connection itself, so that the next connection needs it too. */
export function isConnectionState(name: string): boolean {
  return lookUp(name).connectionState;
}

/** Whether the command may wait for data, so that its reply can take arbitrarily long. */
export function isBlocking(name: string): boolean {
  return lookUp(name).blocking;
}

/** Whether the command may wait for data and can be sent again to any node. */
export function isBlockingRead(name: string): boolean {
  return isBlocking(name) && isReadOnly(name);
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

/** The database that a command selects, if it is a `SELECT`. */
export function selectedBy({
  name,
  args,
}: {
  readonly name: string;
  readonly args: readonly unknown[];
}): number | undefined {
  const db = name === 'select' ? Number(args[0]) : Number.NaN;
  return Number.isInteger(db) ? db : undefined;
}

/** Why a reader must not send a command, as text for the error; `undefined` if it may. */
export function readerRefusal(name: string): string | undefined {
  const traits = lookUp(name);
  if (traits.readOnly || traits.connectionState || HARMLESS.has(name.toLowerCase())) {
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
  readonly readOnly: boolean;
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

/** Commands that touch no data, or whose subcommands only read. */
const HARMLESS = new Set([
  'command',
  'echo',
  'info',
  'latency',
  'memory',
  'monitor',
  'object',
  'ping',
  'pubsub',
  'role',
  'time',
  'xinfo',
]);

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
  const isKnown = exists(name);
  return {
    known: isKnown,
    readOnly: isKnown && hasFlag(name, 'readonly'),
    connectionState: CONNECTION_STATE.has(name),
    blocking: isKnown && hasFlag(name, 'blocking'),
  };
}
