import type { Command } from 'ioredis';
import { monotonicMs } from '../../clock/clock.js';
import { timeoutLeft } from './blocking-time.js';
import { isRestore } from '../ioredis/internals.js';
import { isTimed } from './command-traits.js';
import type { HeldCommand } from './hold-queue.js';

/** Computes how long each command may wait: held, and, if it blocks, in total. */
export class Deadlines {
  readonly #limitMs: number;
  /** The remaining time of a command, in milliseconds. A command that is refused repeatedly gets no more time. */
  readonly #leftMs = new WeakMap<Command, number>();

  /** When commands that block for a given time were issued, by `monotonicMs()`. */
  readonly #issuedAt = new WeakMap<Command, number>();

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /**
   * In milliseconds of the monotonic clock. What ioredis issues to restore a subscription has none: ioredis ignores a
   * rejection, so the subscription would be lost silently.
   */
  of(command: Command): number | undefined {
    if (isRestore(command)) {
      return undefined;
    }
    return monotonicMs() + (this.#leftMs.get(command) ?? this.#limitMs);
  }

  /** Call it when a command is issued. */
  note(command: Command): void {
    if (isTimed(command.name)) {
      this.#issuedAt.set(command, monotonicMs());
    }
  }

  /** Call it when a held command is sent. The time it spends on a server is not charged to the time it may be held. */
  pause({ command, deadline }: HeldCommand): void {
    if (deadline !== undefined) {
      this.#leftMs.set(command, deadline - monotonicMs());
    }
    const issuedAt = this.#issuedAt.get(command);
    const left = issuedAt === undefined ? undefined : timeoutLeft(command, monotonicMs() - issuedAt);
    if (left !== undefined) {
      command.args[left.index] = left.value;
      this.#issuedAt.set(command, monotonicMs());
    }
  }
}
