import type { Command } from 'ioredis';
import { isConnectionState } from './command-traits.js';
import type { HeldCommand } from './hold-queue.js';

/** Until when each command may wait. */
export class Deadlines {
  readonly #limitMs: number;
  /** How long a command may still wait, in milliseconds: being refused over and over does not prolong it. */
  readonly #leftMs = new WeakMap<Command, number>();

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /**
   * In milliseconds since the epoch. What sets up the connection waits without end: ioredis issues it by itself to
   * restore subscriptions, where nobody would handle a rejection, and without it the subscription would be lost in
   * silence.
   */
  of(command: Command): number | undefined {
    if (isConnectionState(command.name)) {
      command.promise.catch(() => undefined);
      return undefined;
    }
    return Date.now() + (this.#leftMs.get(command) ?? this.#limitMs);
  }

  /** It is sent: while it is with a server, waiting for data for hours maybe, it does not wait for a node. */
  pause({ command, deadline }: HeldCommand): void {
    if (deadline !== undefined) {
      this.#leftMs.set(command, deadline - Date.now());
    }
  }
}
