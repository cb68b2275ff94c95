import type { Command } from 'ioredis';
import { monotonicMs } from '../../clock/clock.js';
import { isConnectionState } from './command-traits.js';
import type { HeldCommand } from './hold-queue.js';

/** Computes how long each command may wait. */
export class Deadlines {
  readonly #limitMs: number;
  /** The remaining time of a command, in milliseconds. A command that is refused repeatedly gets no more time. */
  readonly #leftMs = new WeakMap<Command, number>();

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /**
   * In milliseconds of the monotonic clock. A command that sets up the connection has none: ioredis issues it to restore
   * subscriptions and ignores a rejection, so the subscription would be lost silently.
   */
  of(command: Command): number | undefined {
    if (isConnectionState(command.name)) {
      command.promise.catch(() => undefined);
      return undefined;
    }
    return monotonicMs() + (this.#leftMs.get(command) ?? this.#limitMs);
  }

  /** Call it when a command is sent. The time it spends on a server does not count, because it may block for hours. */
  pause({ command, deadline }: HeldCommand): void {
    if (deadline !== undefined) {
      this.#leftMs.set(command, deadline - monotonicMs());
    }
  }
}
