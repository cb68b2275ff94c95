import type { Command } from 'ioredis';
import { isReadOnly } from './command-traits.js';
import { NotAppliedError, UnknownOutcomeError } from './errors.js';
import type { HoldEnd } from './hold-queue.js';
import { isSettled, markRejection } from '../ioredis/internals.js';

/** Bounds of waiting for a node. */
export interface HoldOptions {
  /** How long a command may wait in all, in milliseconds. */
  readonly timeoutMs: number;
  /** How many commands may wait at once on one connection. */
  readonly maxCommands: number;
}

/** What is known of the connection when an outcome is decided. */
export interface Circumstances {
  readonly generation: number;
  readonly node: string | undefined;
  /** The server process behind it. */
  readonly server?: string | undefined;
  /** Why nothing is written now. */
  readonly reason: string;
}

/** Tells callers that their commands were not applied, or that nobody knows. A command is told once. */
export class Rejections {
  readonly #hold: HoldOptions;
  readonly #circumstances: () => Circumstances;
  /** Whose reply was lost, and where. */
  readonly #lostOn = new WeakMap<Command, string>();

  constructor(hold: HoldOptions, circumstances: () => Circumstances) {
    this.#hold = hold;
    this.#circumstances = circumstances;
  }

  /** It is sent again, and may have been executed on `node`: from now on nobody can say that it was not applied. */
  mayHaveRun(command: Command, node: string): void {
    if (!isReadOnly(command.name)) {
      this.#lostOn.set(command, node);
    }
  }

  notApplied(command: Command, reason: string): void {
    const lostOn = this.#lostOn.get(command);
    if (lostOn !== undefined) {
      this.unknown(command, lostOn);
      return;
    }
    this.#reject(command, () => {
      const { generation, node } = this.#circumstances();
      return new NotAppliedError({ command: command.name, generation, node, reason });
    });
  }

  /** It would have had to wait, and must not. */
  notHeld(command: Command): void {
    this.notApplied(command, this.#circumstances().reason);
  }

  holdEnded(command: Command, end: HoldEnd): void {
    this.notApplied(command, this.#describe(end));
  }

  /** Its reply was lost together with the connection to `node`. */
  unknown(command: Command, node: string): void {
    this.#reject(command, () => {
      const { generation } = this.#circumstances();
      const reason = `the connection to ${node} was lost before its reply`;
      return new UnknownOutcomeError({ command: command.name, generation, node, reason });
    });
  }

  #reject(command: Command, createError: () => Error): void {
    if (!isSettled(command)) {
      markRejection(command);
      command.reject(createError());
    }
  }

  #describe(end: HoldEnd): string {
    const { timeoutMs, maxCommands } = this.#hold;
    switch (end) {
      case 'timed out':
        return `held for ${timeoutMs} ms; ${this.#circumstances().reason}`;
      case 'full':
        return `${maxCommands} commands are held already; ${this.#circumstances().reason}`;
      case 'closed':
        return 'the connection was closed while it was held';
      default:
        return end satisfies never;
    }
  }
}
