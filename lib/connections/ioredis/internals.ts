import { Command, type Redis } from 'ioredis';
import { withoutCredentials } from '../../topology/without-credentials.js';

/*
 * Everything this library relies on inside ioredis is named in this file. ioredis 5.4 to 6.0 behave the same. Beyond the
 * public API:
 *
 * - `Redis#sendCommand(command, stream)` sees every command. A pipeline passes its own `stream`, whose `write` collects
 *   the members and writes to the socket after it was called once for each member.
 * - `Redis#handleReconnection(error, item)` sees every error reply, and nothing else.
 * - `Redis#commandQueue` holds the commands that were written but not answered, in order.
 * - `Redis#_readyCheck(callback)` sends the `INFO` that ends the handshake. ioredis 5.11 also calls it if the connection
 *   was lost meanwhile.
 * - During the handshake the status is `connect`. Then the status becomes `ready`, ioredis restores the database and the
 *   subscriptions of the previous connection, and only then emits the event `ready`.
 * - `manuallyClosing` is cleared only when a socket closes. If there was no socket to close, it stays set.
 * - `disconnect()` between two connection attempts cancels the next attempt but leaves the status `reconnecting`. In
 *   status `wait` it ends the connection.
 * - When a socket is connected, the status becomes `connect`, and only then does ioredis read `options.enableReadyCheck`.
 * - `recoverFromFatalError` rejects all commands under way and then closes the connection. Besides a failed handshake, bytes
 *   that are no reply lead there.
 * - `Command#setTimeout` arms the timer of `commandTimeout` once. `isSettled` exists since 6.0, `isResolved` before.
 */

export type CommandStream = NonNullable<Parameters<Redis['sendCommand']>[1]>;
export type CommandItem = Parameters<Redis['handleReconnection']>[1];

/** The command of an item in the queues of ioredis, whose types are looser than their contents. */
export function commandOf(item: CommandItem): Command | undefined {
  const command: object = item.command;
  return isCommand(command) ? command : undefined;
}

/** Removes and returns all commands that were written but not answered. */
export function takeInFlight(redis: Redis): readonly CommandItem[] {
  const items = redis.commandQueue.toArray();
  redis.commandQueue.clear();
  return items;
}

/** The name of the oldest command that was written but not answered. */
export function oldestInFlight(redis: Redis): string | undefined {
  return redis.commandQueue.peekFront()?.command.name;
}

/** Without this, a connection that the app closed while it had no socket would not reconnect after it is reopened. */
export function forgetManualClose(redis: Redis): void {
  Reflect.set(redis, 'manuallyClosing', false);
}

/** Saves the timer of ioredis, which takes at least 1 ms. When that timer fires, the attempt is already under way. */
export function reconnectAtOnce(redis: Redis, delayMs: number): void {
  if (delayMs === 0 && redis.status === 'reconnecting') {
    redis.connect().catch(() => undefined);
  }
}

/**
 * A ready check of a connection that is already lost would wait for the next connection like a command of the app, and
 * ioredis would warn if `INFO` is forbidden there.
 */
export function dropLateReadyChecks(redis: Redis): void {
  const check: unknown = Reflect.get(redis, '_readyCheck');
  if (typeof check === 'function') {
    Reflect.set(redis, '_readyCheck', (callback: unknown) => {
      if (redis.status === 'connect') {
        Reflect.apply(check, redis, [callback]);
      }
    });
  }
}

/**
 * Shows `enableReadyCheck: false` in the options if it was given, because some libraries insist on it. The check takes
 * place nevertheless: without it, ioredis would not ask for the role of the node.
 */
export function hideReadyCheck(
  redis: Redis,
  given: { readonly enableReadyCheck?: boolean | undefined },
): void {
  if (given.enableReadyCheck === false) {
    const get = () => redis.status === 'connect';
    Object.defineProperty(redis.options, 'enableReadyCheck', { configurable: true, enumerable: true, get });
  }
}

/** A connection for `monitor()` that ends before it has begun would leave the caller of `monitor()` waiting. */
export function settleMonitor(redis: Redis): void {
  if (redis.options.monitor === true) {
    let isBegun = false;
    redis.once('monitoring', () => (isBegun = true));
    redis.once('end', () => isBegun || redis.emit('error', new Error('Connection is closed.')));
  }
}

/** Call it before `disconnect()`, which otherwise would not end a connection between two connection attempts. */
export function endReconnecting(redis: Redis): void {
  if (redis.status === 'reconnecting') {
    redis.status = 'wait';
  }
}

/**
 * Prepares a command of the handshake. Its rejection is handled here, because ioredis does not handle it. `INFO` of a
 * server that is loading is rejected, which closes the connection: ioredis would send `INFO` again later on whatever
 * connection it has then, possibly in the middle of a `MULTI`.
 */
export function prepareSetup(command: Command): void {
  setups.add(command);
  command.promise.catch(() => undefined);
  if (command.name === 'info') {
    const { resolve } = command;
    command.resolve = (reply) => {
      if (/^loading:1\r?$/m.test(String(reply))) {
        command.reject(new Error('LOADING the server is loading its data'));
      } else {
        resolve(reply);
      }
    };
  }
}

/** Whether the command set up one connection, so that it means nothing to the next. */
export function isSetup(command: Command): boolean {
  return setups.has(command);
}

const setups = new WeakSet<Command>();

/** ioredis ignores how a command that restores a connection ends, so it must wait without a `commandTimeout`. */
export function prepareRestore(command: Command): void {
  restores.add(command);
  command.setTimeout = () => undefined;
}

/** Whether the command restores a connection. ioredis ignores its errors, so this library must retry it. */
export function isRestore(command: Command): boolean {
  return restores.has(command);
}

const restores = new WeakSet<Command>();

/** ioredis drops what it sent in a failed handshake, so its callers would wait forever. A `SELECT` is repeated anyway. */
export function settleHandshake(redis: Redis): void {
  for (const { command } of takeInFlight(redis)) {
    if (command.name === 'select') {
      command.resolve('OK');
    } else {
      command.reject(new Error('Connection is closed.'));
    }
  }
}

export function isPipeline(stream: CommandStream | undefined): stream is CommandStream {
  return stream !== undefined && 'isPipeline' in stream;
}

/** Counts a member of a pipeline as written without writing it. */
export function skipMember(stream: CommandStream): void {
  stream.write('');
}

/** Remembers that a command was rejected, because ioredis before 6.0 does not. */
export function markRejection(command: Command): void {
  if (marksItself(command) || rejected.has(command)) {
    return;
  }
  const { reject } = command;
  command.reject = (error) => {
    rejected.add(command);
    reject(error);
  };
}

export function isSettled(command: Command): boolean {
  return marksItself(command) ? command.isSettled : command.isResolved || rejected.has(command);
}

function marksItself(command: object): boolean {
  return 'isSettled' in command;
}

const rejected = new WeakSet<Command>();

/** Removes credentials from an error: ioredis attaches the arguments of the command, and some servers quote them. */
export function hideCredentials(error: Error, commandName: string): void {
  if (CREDENTIALS.has(commandName.toLowerCase())) {
    const message = withoutCredentials(error.message);
    const stack = error.stack?.replace(error.message, () => message);
    Object.assign(error, { command: { name: commandName, args: [] }, message, stack });
  }
}

const CREDENTIALS = new Set(['auth', 'hello', 'acl', 'config', 'migrate']);

/** Not only `instanceof`: if several copies of ioredis are installed, each has its own `Command`. */
function isCommand(candidate: object): candidate is Command {
  return candidate instanceof Command || ('promise' in candidate && 'pipelineIndex' in candidate);
}
