import type { Command } from 'ioredis';
import { isConnectionState } from './command-traits.js';

/** Until when each command may wait. */
export class Deadlines {
  readonly #limitMs: number;
  /** Set when a command waits for the first time: being refused over and over does not prolong it. */
  readonly #byCommand = new WeakMap<Command, number>();

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
    const deadline = this.#byCommand.get(command) ?? Date.now() + this.#limitMs;
    this.#byCommand.set(command, deadline);
    return deadline;
  }
}
