import { Command, Pipeline, type Redis } from 'ioredis';
import { withoutCredentials } from '../topology/without-credentials.js';

/*
 * Everything this library takes from inside ioredis, same in 5.4 to 6.0, is named in this file. Beyond the public API:
 *
 * - `Redis#sendCommand(command, stream)` sees every command; a pipeline passes its own `stream`, whose `write` collects
 *   the members and writes to the socket once it was called for each of them.
 * - `Redis#handleReconnection(error, item)` sees every error reply, and nothing else.
 * - `Redis#commandQueue` holds what was written and not answered, in order.
 * - `Redis#_readyCheck(callback)` sends the `INFO` that ends the handshake. ioredis 5.11 also calls it when the connection
 *   that it is to check was lost meanwhile.
 * - During the handshake, status is `connect`. Then status is `ready`, database and subscriptions of the connection
 *   before are restored, and only after that the event `ready` follows.
 * - `manuallyClosing` is cleared by the close of a socket only, also where there was none to close.
 * - `disconnect()` between two attempts calls the next one off and leaves it at that: status stays `reconnecting`.
 *   In status `wait` it ends the connection.
 * - `Command#setTimeout` arms the timer of `commandTimeout` once; `isSettled` exists from 6.0, `isResolved` before.
 */

export type CommandStream = NonNullable<Parameters<Redis['sendCommand']>[1]>;
export type CommandItem = Parameters<Redis['handleReconnection']>[1];

/** The command of an item in ioredis' queues, which are typed more loosely than what is in them. */
export function commandOf(item: CommandItem): Command | undefined {
  const command: object = item.command;
  return isCommand(command) ? command : undefined;
}

/** Takes out all commands that were written and not answered. */
export function takeInFlight(redis: Redis): readonly CommandItem[] {
  const items = redis.commandQueue.toArray();
  redis.commandQueue.clear();
  return items;
}

/** A connection that the app closed while it had no socket, and opens again, is not being closed any more. */
export function forgetManualClose(redis: Redis): void {
  Reflect.set(redis, 'manuallyClosing', false);
}

/** Without the timer of ioredis, which takes a millisecond at least; when it runs, it finds the connection being made. */
export function reconnectAtOnce(redis: Redis, delayMs: number): void {
  if (delayMs === 0 && redis.status === 'reconnecting') {
    redis.connect().catch(() => undefined);
  }
}

/**
 * The check of a connection that is lost already would wait for the next one like a command of the app, and ioredis would
 * warn of its refusal where `INFO` is forbidden.
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

/** Called before `disconnect()`, so that it ends a connection also between two attempts to connect. */
export function endReconnecting(redis: Redis): void {
  if (redis.status === 'reconnecting') {
    redis.status = 'wait';
  }
}

/**
 * Commands that ioredis itself sends to set up a connection whose handshake is under way. Some an app may issue with the
 * same words at the same moment; it does no harm that they are sent too.
 */
export function isSetup(redis: Redis, command: Command, stream: CommandStream | undefined): boolean {
  if (stream !== undefined) {
    return false;
  }
  switch (redis.status) {
    case 'connect':
      return isHandshake(redis, command);
    case 'ready':
      return RESTORE.has(command.name);
    default:
      return false;
  }
}

const RESTORE = new Set(['psubscribe', 'select', 'ssubscribe', 'subscribe']);

function isHandshake(redis: Redis, { name, args }: Command): boolean {
  switch (name) {
    case 'select':
      return Number(args[0]) === redis.condition?.select;
    case 'info':
      return args.length === 0;
    case 'client':
      return /^set(name|info)$/i.test(String(args[0]));
    default:
      return name === 'auth' || name === 'hello' || name === 'readonly';
  }
}

/**
 * Nobody else handles it where ioredis restores a subscription by itself and that fails. A server that is loading is
 * left: ioredis would ask it again after a while, on whatever connection it has then, be it in the midst of a `MULTI`.
 */
export function prepareSetup(command: Command): void {
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

/** What ioredis restores on a new connection: nobody hears how it ends, so that it waits for as long as it takes. */
export function prepareRestore(command: Command): void {
  unheard.add(command);
  command.setTimeout = () => undefined;
}

/** Whether it restores a connection, so that nobody but us hears of a refusal. */
export function isUnheard(command: Command): boolean {
  return unheard.has(command);
}

const unheard = new WeakSet<Command>();

/** ioredis forgets what was sent in a handshake that failed. Nobody must wait for it; a database is selected anew. */
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

/** Counts a member of a pipeline as written, without writing it. */
export function skipMember(stream: CommandStream): void {
  stream.write('');
}

/**
 * ioredis runs one automatic pipeline at a time. Behind one that waits for a node, others would wait where none of our
 * limits hold.
 */
export function letAutoPipelinesRun(redis: Redis): void {
  const running: unknown = Reflect.get(redis, '_runningAutoPipelines');
  if (running instanceof Set) {
    running.clear();
  }
}

/** Issues what ioredis keeps back until the automatic pipeline before it is answered. */
export function flushAutoPipelines(redis: Redis): void {
  letAutoPipelinesRun(redis);
  const waiting: unknown = Reflect.get(redis, '_autoPipelines');
  if (!(waiting instanceof Map)) {
    return;
  }
  const pipelines: readonly unknown[] = [...waiting.values()];
  waiting.clear();
  for (const pipeline of pipelines) {
    if (pipeline instanceof Pipeline) {
      void runAutoPipeline(pipeline);
    }
  }
}

async function runAutoPipeline(pipeline: Pipeline): Promise<void> {
  const symbol = Object.getOwnPropertySymbols(pipeline).find(
    ({ description }) => description === 'callbacks',
  );
  const found: unknown = symbol === undefined ? undefined : Reflect.get(pipeline, symbol);
  const callbacks: readonly unknown[] = Array.isArray(found) ? found : [];
  const replies = await pipeline.exec().catch((error: unknown) => callbacks.map(() => [error]));
  callbacks.forEach((callback, index) => {
    if (typeof callback === 'function') {
      Reflect.apply(callback, undefined, replies?.[index] ?? []);
    }
  });
}

/** ioredis before 6 does not mark a command as rejected: this does. */
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

/** The arguments of these commands are credentials: ioredis attaches them to the error, and some servers quote them. */
export function hideCredentials(error: Error, commandName: string): void {
  if (CREDENTIALS.has(commandName.toLowerCase())) {
    const message = withoutCredentials(error.message);
    const stack = error.stack?.replace(error.message, () => message);
    Object.assign(error, { command: { name: commandName, args: [] }, message, stack });
  }
}

const CREDENTIALS = new Set(['auth', 'hello', 'acl', 'config', 'migrate']);

/** `Command` is exported as a value by each version, yet copies of ioredis have one each. */
function isCommand(candidate: object): candidate is Command {
  return candidate instanceof Command || ('promise' in candidate && 'pipelineIndex' in candidate);
}
