import type { Command } from 'ioredis';
import { monotonicMs } from '../../clock/clock.js';
import { isBlocking, isConnectionState, isHarmless } from './command-traits.js';

/** Finds out when the first write since a connection opened was answered. */
export class FirstWrite {
  readonly #acknowledge: (tookMs: number) => void;
  /** Whether the next write is to be watched. A field, because every command reads it. */
  isAwaited = false;
  /** Which time it is that the connection is open. */
  #round = 0;

  /** `acknowledge` receives the time from when the write was sent, in milliseconds. */
  constructor(acknowledge: (tookMs: number) => void) {
    this.#acknowledge = acknowledge;
  }

  opened(): void {
    this.#round += 1;
    this.isAwaited = true;
  }

  shut(): void {
    this.#round += 1;
    this.isAwaited = false;
  }

  /** Call it for every command that is sent while a write is awaited. One that fails says nothing of the next. */
  onSend(command: Command): void {
    if (!this.isAwaited || !isPlainWrite(command)) {
      return;
    }
    const [round, sentAt] = [this.#round, monotonicMs()];
    this.isAwaited = false;
    command.promise.then(
      () => {
        if (round === this.#round) {
          this.#acknowledge(monotonicMs() - sentAt);
        }
      },
      () => {
        this.isAwaited ||= round === this.#round;
      },
    );
  }
}

/** What a blocking command waits for is not the server, and members of a transaction are only queued. */
function isPlainWrite(command: Command): boolean {
  const name = command.name.toLowerCase();
  return name === 'exec'
    ? true
    : !command.inTransaction &&
        !UNWRITTEN.has(name) &&
        !isHarmless(command) &&
        !isConnectionState(name) &&
        !isBlocking(name);
}

/** They change nothing, although they are no reads. */
const UNWRITTEN = new Set(['multi', 'discard', 'watch', 'unwatch']);
