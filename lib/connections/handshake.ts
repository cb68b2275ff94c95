import { Command, type Redis } from 'ioredis';
import {
  dropLateReadyChecks,
  prepareRestore,
  prepareSetup,
  type CommandStream,
} from './ioredis-internals.js';

type Write = (command: Command, stream?: CommandStream) => unknown;

/** What was asked on a connection, maybe before ioredis asks for it. */
interface Early {
  readonly stream: Redis['stream'];
  readonly info: Command;
}

/**
 * Sends what sets up a connection. ioredis asks for `INFO` only when all else is answered; here it goes along with the
 * first command, so that the server's word on its role costs no round trip of its own.
 */
export class Handshake {
  readonly #redis: Redis;
  readonly #write: Write;
  #early: Early | undefined;

  constructor(redis: Redis, write: Write) {
    this.#redis = redis;
    this.#write = write;
    dropLateReadyChecks(redis);
  }

  send(command: Command, stream: CommandStream | undefined): unknown {
    prepareSetup(command);
    if (command.name === 'select') {
      leaveUnlessSelected(this.#redis, command);
    }
    const early = this.#early?.stream === this.#redis.stream ? this.#early : undefined;
    if (this.#redis.status !== 'connect') {
      prepareRestore(command);
      return this.#write(command, stream);
    }
    if (command.name === 'info') {
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
        // It came before a login for which ioredis needed a second attempt.
        this.#write(command);
      } else {
        command.reject(error);
      }
    }
  }
}

/** A connection on which a database could not be selected would write to another one. */
export function leaveUnlessSelected({ stream }: Redis, select: Command): void {
  select.promise.catch(() => stream.destroy());
}

/** What is issued in one go travels together, for one call of the system instead of one for each command. */
function cork(stream: Redis['stream']): void {
  stream.cork();
  process.nextTick(() => stream.uncork());
}
