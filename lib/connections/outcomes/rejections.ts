import type { Command } from 'ioredis';
import { isHarmless, isRarelyAwaited } from './command-traits.js';
import type { NotAppliedReason } from './connection-event.js';
import { CONNECTION_CLOSED, NotAppliedError, UnknownOutcomeError } from './errors.js';
import type { HoldEnd } from './hold-queue.js';
import type { Tally } from './tally.js';
import { isSettled, markRejection } from '../ioredis/internals.js';

/** Limits for commands that wait for a node. */
export interface HoldOptions {
  /** How long a command may wait in total, in milliseconds. */
  readonly timeoutMs: number;
  /** How many commands may wait at once on one connection. */
  readonly maxCommands: number;
  /** How many bytes the arguments of held commands may have together on one connection. */
  readonly maxBytes: number;
}

/** The state of the connection when an outcome is decided. */
export interface Circumstances {
  readonly generation: number;
  readonly node: string | undefined;
  /** The server process the connection leads to. */
  readonly server?: string | undefined;
  /** Why nothing is written now. */
  readonly reason: () => string;
}

/** How the replies of commands under way were lost. */
export interface Loss {
  readonly node: string;
  /** `the app`: it has closed the connection. */
  readonly by: 'the app' | 'nobody';
}

/** Why a command was not applied. */
interface Cause {
  readonly kind: NotAppliedReason;
  /** As text for the error. */
  readonly reason: string;
  /** When the command was held, if it was. */
  readonly since?: number | undefined;
}

interface RejectionSettings {
  readonly hold: HoldOptions;
  readonly circumstances: () => Circumstances;
  readonly tally: Tally;
}

/** Rejects commands that were not applied or whose outcome is unknown. A command is rejected at most once. */
export class Rejections {
  readonly #hold: HoldOptions;
  readonly #tally: Tally;
  readonly #circumstances: () => Circumstances;
  /** How the reply of a command was lost. */
  readonly #losses = new WeakMap<Command, Loss>();

  constructor({ hold, circumstances, tally }: RejectionSettings) {
    this.#hold = hold;
    this.#circumstances = circumstances;
    this.#tally = tally;
  }

  /** Records that a command, which will be sent again, may have run: it can no longer end as not applied. */
  mayHaveRun(command: Command, loss: Loss): void {
    if (!isHarmless(command)) {
      this.#losses.set(command, loss);
    }
  }

  notApplied(command: Command, { kind, reason, since }: Cause): void {
    const loss = this.#losses.get(command);
    if (loss !== undefined) {
      this.unknown(command, loss);
      return;
    }
    const isRejected = this.#reject(command, () => this.#notApplied(command, reason));
    if (isRejected) {
      this.#tally.notApplied(kind, since);
    }
  }

  /** Rejects a command that would have to wait but must not. */
  notHeld(command: Command): void {
    this.#reject(command, () => this.#notApplied(command, this.#circumstances().reason()));
  }

  holdEnded(command: Command, end: HoldEnd, since?: number): void {
    const reason = this.#describe(end);
    if (end !== 'closed') {
      this.#tally.rejected(reason);
    }
    this.notApplied(command, { kind: end, reason, since });
  }

  /** Rejects a command whose reply was lost. */
  unknown(command: Command, { node, by }: Loss): void {
    const isRejected = this.#reject(command, () => {
      const { generation } = this.#circumstances();
      const reason =
        by === 'the app' ? CONNECTION_CLOSED : `the connection to ${node} was lost before its reply`;
      return new UnknownOutcomeError({ command: command.name, generation, node, reason });
    });
    if (isRejected) {
      this.#tally.unknown(by === 'the app' ? 'closed' : 'reply lost');
    }
  }

  #notApplied(command: Command, reason: string): NotAppliedError {
    const { generation, node } = this.#circumstances();
    return new NotAppliedError({ command: command.name, generation, node, reason });
  }

  /** Callers often do not wait for a message or a subscription: losing it must not end the process as an unhandled rejection. */
  #reject(command: Command, createError: () => Error): boolean {
    if (isSettled(command)) {
      return false;
    }
    markRejection(command);
    if (isRarelyAwaited(command.name)) {
      command.promise.catch(() => undefined);
    }
    command.reject(createError());
    return true;
  }

  #describe(end: HoldEnd): string {
    const { timeoutMs, maxCommands, maxBytes } = this.#hold;
    switch (end) {
      case 'timed out':
        return `held for ${timeoutMs} ms; ${this.#circumstances().reason()}`;
      case 'full':
        return `${maxCommands} commands are held already; ${this.#circumstances().reason()}`;
      case 'too many bytes':
        return `held commands may not exceed ${maxBytes} bytes together; ${this.#circumstances().reason()}`;
      case 'closed':
        return CONNECTION_CLOSED;
      default:
        return end satisfies never;
    }
  }
}
