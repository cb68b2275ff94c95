import type { FakeConnection, Outcome } from './fake-redis.js';
import { helloReply, infoReply, roleReply } from './fake-node-replies.js';
import type { FakeNodeState } from './fake-node-state.js';
import { array, bulk, error, integer, nil, push, simple } from './resp.js';

export interface CommandContext {
  readonly args: readonly string[];
  readonly connection: FakeConnection;
  readonly state: FakeNodeState;
  /** The subscribers of each channel. */
  readonly channels: Channels;
  /** The data of the node. */
  readonly data: Map<string, string>;
  /** Must be called when the data changes, with the number of bytes of replication stream. */
  readonly written: (bytes: number) => void;
}

export type Channels = Map<string, Set<FakeConnection>>;

type Command = (context: CommandContext) => Outcome;

const ok = simple('OK');

/** What a healthy node answers to one command. */
export function answer(name: string, context: CommandContext): Outcome {
  const command = commands[name];
  if (command === undefined) return error(`ERR unknown command '${name}', with args beginning with: `);
  if (writeCommands.has(name) && context.state.role === 'replica') {
    return error("READONLY You can't write against a read only replica.");
  }
  return command(context);
}

const writeCommands = new Set(['SET', 'SETRANGE', 'DEL', 'INCR']);

const commands: Readonly<Record<string, Command>> = {
  HELLO: hello,
  AUTH: () => ok,
  SELECT: () => ok,
  QUIT: () => ok,
  READONLY: () => error('ERR This instance has cluster support disabled'),
  CLIENT: ({ args, connection }) => (args[0]?.toUpperCase() === 'ID' ? integer(connection.id) : ok),
  PING: ({ args }) => (args[0] === undefined ? simple('PONG') : bulk(args[0])),
  INFO: ({ args, state }) => infoReply(state, args),
  ROLE: ({ state }) => roleReply(state),
  SUBSCRIBE: subscribe,
  PUBLISH: publish,
  PUBSUB: ({ args: [, channel = ''], channels }) =>
    array(bulk(channel), integer(channels.get(channel)?.size ?? 0)),
  XREAD: ({ args }) => (args.some((word) => word.toUpperCase() === 'BLOCK') ? 'hang' : nil),
  GET: ({ args: [key = ''], data }) => bulkOrNil(data.get(key)),
  SET: set,
  // Only of nothing, as the health check sends it.
  SETRANGE: ({ args: [key = ''], data }) => integer(data.get(key)?.length ?? 0),
  INCR: increment,
  DEL: remove,
};

function hello({ args: [version], connection, state }: CommandContext): Outcome {
  if (version !== undefined && version !== '2' && version !== '3') {
    return error('NOPROTO unsupported protocol version');
  }
  if (version !== undefined) connection.protocol = version === '3' ? 3 : 2;
  return helloReply(state, connection);
}

/** One confirmation for each channel; the last is what the caller sends. */
function subscribe({ args, connection, channels }: CommandContext): Outcome {
  for (const channel of args) {
    channels.set(channel, (channels.get(channel) ?? new Set()).add(connection));
  }
  const confirmations = args.map((channel, index) =>
    push(bulk('subscribe'), bulk(channel), integer(index + 1)),
  );
  const last = confirmations.pop();
  for (const confirmation of confirmations) connection.send(confirmation);
  return last ?? error("ERR wrong number of arguments for 'subscribe' command");
}

function publish({ args: [channel = '', message = ''], channels }: CommandContext): Outcome {
  const listeners = channels.get(channel) ?? new Set();
  for (const listener of listeners) listener.send(push(bulk('message'), bulk(channel), bulk(message)));
  return integer(listeners.size);
}

function set({ args: [key = '', value = '', ...options], data, written }: CommandContext): Outcome {
  const words = options.map((option) => option.toUpperCase());
  if (words.includes('XX') && !data.has(key)) return nil;
  if (words.includes('NX') && data.has(key)) return nil;
  data.set(key, value);
  written(key.length + value.length);
  return ok;
}

function increment({ args: [key = ''], data, written }: CommandContext): Outcome {
  const value = Number(data.get(key) ?? '0') + 1;
  data.set(key, String(value));
  written(key.length);
  return integer(value);
}

function remove({ args, data, written }: CommandContext): Outcome {
  const removed = args.filter((key) => data.delete(key));
  if (removed.length > 0) written(removed.join('').length);
  return integer(removed.length);
}

function bulkOrNil(text: string | undefined): Outcome {
  return text === undefined ? nil : bulk(text);
}
