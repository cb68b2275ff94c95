import { Command, type Redis } from 'ioredis';
import { prepareRestore, prepareSetup, type CommandStream } from './internals.js';

type Write = (command: Command, stream?: CommandStream) => unknown;

/** An `INFO` that is under way on a connection, usually sent before ioredis asks for it. */
interface Early {
  readonly stream: Redis['stream'];
  readonly info: Command;
}

/**
 * Sends the commands that set up a connection. ioredis sends `INFO` only after all others are answered. Here it is sent
 * together with the first command, so that verifying the role costs no extra round trip.
 */
export class Handshake {
  readonly #redis: Redis;
  readonly #write: Write;
  #early: Early | undefined;
  /** The socket on which no database is selected yet. */
  #unselected: Redis['stream'] | undefined;

  constructor(redis: Redis, write: Write) {
    this.#redis = redis;
    this.#write = write;
  }

  send(command: Command, stream: CommandStream | undefined): unknown {
    prepareSetup(command);
    if (command.name === 'select') {
      this.#select(command);
    }
    const early = this.#early?.stream === this.#redis.stream ? this.#early : undefined;
    if (this.#redis.status !== 'connect') {
      prepareRestore(command);
      return this.#write(command, stream);
    }
    if (command.name === 'info') {
      if (this.#unselected === this.#redis.stream) {
        this.#redis.stream.destroy();
      }
      if (early === undefined) {
        return this.#ask(command);
      }
      void this.#answer(command, early);
      return command.promise;
    }
    if (early === undefined) {
      cork(this.#redis.stream);
    }
    const sent = this.#write(command, stream);
    if (early === undefined) {
      const info = new Command('info', [], { replyEncoding: 'utf8' });
      prepareSetup(info);
      void this.#ask(info);
    }
    return sent;
  }

  /** Until the login, the server answers `NOAUTH`. If it does not know `HELLO`, ioredis logs in and selects again. */
  #select(command: Command): void {
    const { stream } = this.#redis;
    this.#unselected = undefined;
    command.promise.catch((error: Error) => {
      if (error.message.startsWith('NOAUTH') && this.#redis.status === 'connect') {
        this.#unselected = stream;
      } else {
        stream.destroy();
      }
    });
  }

  #ask(info: Command): unknown {
    this.#early = { stream: this.#redis.stream, info };
    return this.#write(info);
  }

  async #answer(command: Command, { stream, info }: Early): Promise<void> {
    try {
      command.resolve(await info.promise);
    } catch (reason) {
      const error = reason instanceof Error ? reason : new Error(String(reason));
      const isSame = this.#redis.status === 'connect' && this.#redis.stream === stream;
      if (isSame && error.message.startsWith('NOAUTH')) {
        // The server received it before a login for which ioredis needed a second attempt.
        this.#write(command);
      } else {
        command.reject(error);
      }
    }
  }
}

/** If the database cannot be selected, the connection would write to another database, so it is closed. */
export function leaveUnlessSelected({ stream }: Redis, select: Command): void {
  select.promise.catch(() => stream.destroy());
}

/** Commands issued in the same turn are written with one system call instead of one each. */
function cork(stream: Redis['stream']): void {
  stream.cork();
  process.nextTick(() => stream.uncork());
}
