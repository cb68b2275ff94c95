import { Command, type Redis } from 'ioredis';
import {
  commandOf,
  dropLateReadyChecks,
  prepareRestore,
  prepareSetup,
  type CommandItem,
  type CommandStream,
} from './internals.js';
import { isForbidden } from '../../replies/is-forbidden.js';
import { readableInfo } from './readable-info.js';
import { answerWithoutInfo } from './role-without-info.js';

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
  /** Whether the last `SELECT` of a handshake succeeded. */
  #selected = Promise.resolve(true);

  constructor(redis: Redis, write: Write) {
    this.#redis = redis;
    this.#write = write;
    dropLateReadyChecks(redis);
  }

  send(command: Command, stream: CommandStream | undefined): unknown {
    if (this.#redis.status !== 'connect') {
      return this.#restore(command, stream);
    }
    prepareSetup(command);
    const early = this.#early?.stream === this.#redis.stream ? this.#early : undefined;
    if (command.name === 'select') {
      this.#selected = this.#select(command);
    } else if (early === undefined) {
      this.#selected = Promise.resolve(true);
    }
    if (command.name === 'info') {
      void this.#answer(command, early ?? this.#ask());
      return command.promise;
    }
    if (early === undefined) {
      cork(this.#redis.stream);
    }
    const sent = this.#write(command, stream);
    if (early === undefined) {
      this.#ask();
    }
    return sent;
  }

  /** Selects a database after the handshake, unless it is selected already. */
  select(db: number): void {
    if (db !== this.#redis.condition?.select) {
      const select = new Command('select', [db]);
      leaveUnlessSelected(this.#redis, select);
      this.#write(select);
    }
  }

  /** Handles an error reply to the `INFO` of the handshake; returns whether it did. */
  recover(error: Error, item: CommandItem): boolean {
    const info = item.command.name === 'info' ? commandOf(item) : undefined;
    if (info === undefined || !isForbidden(error)) {
      return false;
    }
    void answerWithoutInfo(info, (hello) => this.#write(hello));
    return true;
  }

  #restore(command: Command, stream: CommandStream | undefined): unknown {
    command.promise.catch(() => undefined);
    prepareRestore(command);
    if (command.name === 'select') {
      leaveUnlessSelected(this.#redis, command);
    }
    return this.#write(command, stream);
  }

  /** Until the login, the server answers `NOAUTH`. If it does not know `HELLO`, ioredis logs in and selects again. */
  async #select(command: Command): Promise<boolean> {
    const { stream } = this.#redis;
    try {
      await command.promise;
      return true;
    } catch (error) {
      if (!isBeforeLogin(error)) {
        stream.destroy();
      }
      return false;
    }
  }

  #ask(): Early {
    const info = new Command('info', [], { replyEncoding: 'utf8' });
    info.promise.catch(() => undefined);
    const early = { stream: this.#redis.stream, info };
    this.#early = early;
    this.#write(info);
    return early;
  }

  async #answer(command: Command, { stream, info }: Early): Promise<void> {
    try {
      const reply: unknown = await readableInfo(await info.promise, (hello) => this.#write(hello));
      if (!(await this.#selected)) {
        throw new Error('the database could not be selected');
      }
      command.resolve(reply);
    } catch (reason) {
      const isSame = this.#redis.status === 'connect' && this.#redis.stream === stream;
      if (isSame && isBeforeLogin(reason) && (await this.#selected)) {
        // The server received it before a login for which ioredis needed a second attempt.
        this.#write(command);
      } else {
        command.reject(reason instanceof Error ? reason : new Error(String(reason)));
      }
    }
  }
}

function isBeforeLogin(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOAUTH');
}

/** If the database cannot be selected, the connection would write to another database, so it is closed. */
function leaveUnlessSelected({ stream }: Redis, select: Command): void {
  select.promise.catch(() => stream.destroy());
}

/** Commands issued in the same turn are written with one system call instead of one each. */
function cork(stream: Redis['stream']): void {
  stream.cork();
  process.nextTick(() => stream.uncork());
}
