import type { Redis } from 'ioredis';
import { BadReplyError, type ReplyShape } from './reply-nesting.js';
import { ReplyReader } from './reply-reader.js';
import { PUSH, requireConfirmation, requireMessage, requireUnsubscribed } from './reply-rules.js';

/*
 * What this library relies on inside ioredis for reading replies: the first listener of `data` on a socket parses them,
 * and takes the command that each reply answers from `commandQueue`. It does not survive all that a server may send: an
 * unasked nil or a push without a name throws where nobody can catch it, and nested headers of arrays take memory
 * without bound. ioredis 5.4 to 6.0 behave the same. `docs/upstream.md` has the details.
 */

/** For all replies of a handshake together. `INFO` is by far the largest, with a few thousand. */
export const MAX_HANDSHAKE_BYTES = 2 ** 20;

/**
 * Reads the shape of each reply before ioredis parses it, and closes the connection instead of passing on what ioredis
 * would not survive. The commands under way then end as with any lost connection. This costs little: strings are skipped
 * by their length, and a chunk is passed on as a whole except on connections that subscribe or monitor.
 */
export class ReplyGuard {
  readonly #redis: Redis;
  #mode: 'replies' | 'replies and messages';

  constructor(redis: Redis) {
    this.#redis = redis;
    this.#mode = redis.options.monitor === true ? 'replies and messages' : 'replies';
    // ioredis emits it after it has begun to listen and before anything can arrive.
    redis.on('connect', () => this.#attach());
  }

  /** Call it when the connection is going to subscribe. */
  expectMessages(): void {
    this.#mode = 'replies and messages';
  }

  #attach(): void {
    const { stream } = this.#redis;
    const [parse] = stream.listeners('data');
    if (parse === undefined || !isListener(parse)) {
      return;
    }
    const reader = new ReplyReader();
    let received = 0;
    stream.prependListener('data', (chunk: Buffer) => {
      received += this.#redis.status === 'connect' ? chunk.length : 0;
      try {
        requireSize(received);
        this.#read(reader, chunk, parse);
      } catch (error) {
        endFor(error, stream);
      }
    });
    stream.off('data', parse);
  }

  #read(reader: ReplyReader, chunk: Buffer, pass: Pass): void {
    reader.feed(chunk);
    if (this.#mode === 'replies') {
      reader.readsWords = false;
      this.#readReplies(reader, chunk, pass);
    } else {
      reader.readsWords = true;
      this.#readMessages(reader, chunk, pass);
    }
  }

  /** What comes before a bad reply is passed on. */
  #readReplies(reader: ReplyReader, chunk: Buffer, pass: Pass): void {
    const asked = this.#redis.commandQueue.length;
    let replies = 0;
    let good = 0;
    try {
      for (let end = reader.next(0); end !== undefined; end = reader.next(end)) {
        if (reader.shape.type === PUSH) {
          requireMessage(reader.shape);
          requireUnsubscribed(reader.shape);
        } else if ((replies += 1) > asked) {
          throw unasked();
        }
        good = end;
      }
      good = chunk.length;
    } finally {
      if (good > 0) {
        pass(good === chunk.length ? chunk : chunk.subarray(0, good));
      }
    }
  }

  /** Passes on one reply at a time, because what may come next depends on the replies before it. */
  #readMessages(reader: ReplyReader, chunk: Buffer, pass: Pass): void {
    let from = 0;
    for (let end = reader.next(0); end !== undefined; end = reader.next(end)) {
      this.#require(reader.shape);
      passOn(pass, chunk.subarray(from, end));
      from = end;
    }
    if (from < chunk.length) {
      passOn(pass, chunk.subarray(from));
    }
  }

  #require(shape: ReplyShape): void {
    const { condition, options, commandQueue } = this.#redis;
    if (shape.type === PUSH) {
      requireMessage(shape);
      return;
    }
    const oldest = commandQueue.peekFront()?.command.name.toLowerCase();
    const isSubscriber = condition !== null && Boolean(condition.subscriber) && !isResp3(condition);
    if (shape.isNil && (oldest === undefined || isMonitoring(this.#redis))) {
      throw unasked();
    }
    if (isSubscriber && shape.size > 0) {
      requireMessage(shape);
    } else if (oldest !== undefined) {
      requireConfirmation(oldest, shape);
    } else if (options.monitor !== true) {
      throw unasked();
    }
  }
}

function isListener(candidate: object): candidate is Pass {
  return typeof candidate === 'function';
}

type Pass = (bytes: Buffer) => void;

function requireSize(received: number): void {
  if (received > MAX_HANDSHAKE_BYTES) {
    throw new BadReplyError(`the replies in the handshake exceed ${MAX_HANDSHAKE_BYTES} bytes`);
  }
}

function unasked(): BadReplyError {
  return new BadReplyError('the node sent a reply that no command had asked for');
}

/** The types of ioredis do not name this state. */
function isMonitoring({ status }: { readonly status: string }): boolean {
  return status === 'monitoring';
}

/** Since ioredis 6. */
function isResp3(condition: object): boolean {
  return 'protocol' in condition && condition.protocol === 3;
}

/** An error of a listener of the app must not keep the replies that follow from being read. ioredis 6 does the same. */
function passOn(pass: Pass, bytes: Buffer): void {
  try {
    pass(bytes);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

function endFor(error: unknown, stream: Redis['stream']): void {
  if (!(error instanceof BadReplyError)) {
    throw error;
  }
  stream.destroy(error);
}
