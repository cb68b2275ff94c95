import type { Redis } from 'ioredis';
import type { CommandItem } from './internals.js';

/*
 * What this library relies on inside ioredis for reading replies: the first listener of `data` on a socket parses them,
 * and takes the command that each reply answers from `commandQueue` by `shift()`. It does not survive all that a server may
 * send: with an unasked nil it throws where nobody can catch it. ioredis 5.4 to 6.0 behave the same. `docs/upstream.md` has
 * the details, and says what remains.
 */

/** For all replies of a handshake together. `INFO` is by far the largest, with a few thousand. */
export const MAX_HANDSHAKE_BYTES = 2 ** 20;

/** The node sent bytes that are no reply to any command. */
class BadReplyError extends Error {
  override readonly name = 'BadReplyError';
}

/** Takes the replies that nobody had asked for. */
const unasked: CommandItem['command'] = {
  name: 'unasked',
  args: [],
  resolve: () => undefined,
  reject: () => undefined,
};

/**
 * Closes the connection in place of what would end the process, so that commands under way end as with any lost connection.
 * It costs one call for each chunk and one comparison for each reply.
 */
export function guardReplies(redis: Redis): void {
  const reading: Reading = { isOn: false };
  throwLater(redis, reading);
  // ioredis emits it after it has begun to listen and before anything can arrive.
  redis.on('connect', () => {
    guardQueue(redis, reading);
    guardParser(redis, reading);
  });
}

interface Reading {
  isOn: boolean;
}

/** An error of a listener of the app surfaces as before, but not in the midst of reading. ioredis 6 does the same. */
function throwLater(redis: Redis, reading: Reading): void {
  const emit = redis.emit.bind(redis);
  redis.emit = (...args) => {
    try {
      return emit(...args);
    } catch (error) {
      if (!reading.isOn) {
        throw error;
      }
      process.nextTick(() => {
        throw error;
      });
      return true;
    }
  };
}

function guardQueue({ commandQueue, stream }: Redis, reading: Reading): void {
  const shift = commandQueue.shift.bind(commandQueue);
  commandQueue.shift = () => {
    const item = shift();
    if (item !== undefined || !reading.isOn) {
      return item;
    }
    stream.destroy(new BadReplyError('the node sent a reply that no command had asked for'));
    return { command: unasked, stream, select: 0 };
  };
}

function guardParser(redis: Redis, reading: Reading): void {
  const { stream } = redis;
  const [parse] = stream.listeners('data');
  if (!isListener(parse)) {
    return;
  }
  let received = 0;
  stream.prependListener('data', (chunk: Buffer) => {
    received += redis.status === 'connect' ? chunk.length : 0;
    if (received > MAX_HANDSHAKE_BYTES) {
      stream.destroy(new BadReplyError(`the replies in the handshake exceed ${MAX_HANDSHAKE_BYTES} bytes`));
      return;
    }
    reading.isOn = true;
    try {
      parse(chunk);
    } catch (error) {
      stream.destroy(error instanceof Error ? error : new BadReplyError(String(error)));
    } finally {
      reading.isOn = false;
    }
  });
  stream.off('data', parse);
}

type Listener = (chunk: Buffer) => void;

function isListener(candidate: unknown): candidate is Listener {
  return typeof candidate === 'function';
}
