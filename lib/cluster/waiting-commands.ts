import type { Command } from 'ioredis';
import { monotonicMs } from '../clock/clock.js';
import { isSettled, markRejection } from '../connections/ioredis/internals.js';
import { CONNECTION_CLOSED, NotAppliedError } from '../connections/outcomes/errors.js';
import type { Account } from '../connections/outcomes/ledger.js';
import { HoldQueue, type HoldEnd } from '../connections/outcomes/hold-queue.js';
import type { HoldOptions } from '../connections/outcomes/rejections.js';

type Callback = (error?: Error | null) => void;

/** Commands that were issued before the slots of the cluster are known, limited in number, size and time. */
export class WaitingCommands {
  readonly #hold: HoldOptions;
  readonly #held: HoldQueue;
  readonly #account: Account | undefined;
  /** What waits inside of ioredis, with the timer that ends its waiting. */
  readonly #callbacks = new Map<Callback, NodeJS.Timeout>();

  constructor(hold: HoldOptions, account: Account | undefined) {
    this.#hold = hold;
    this.#held = new HoldQueue({
      ...hold,
      account,
      reject: ({ command, since }, end) => {
        const heldMs = since === undefined ? undefined : monotonicMs() - since;
        if (reject(command, this.#describe(end))) {
          account?.note({ kind: 'not applied', reason: end, heldMs });
        }
      },
    });
    this.#account = account;
  }

  get size(): number {
    return this.#held.size;
  }

  add(command: Command): void {
    markRejection(command);
    this.#held.add({ command, deadline: monotonicMs() + this.#hold.timeoutMs }, 'waiting');
  }

  /** Rejects a command that must not wait. */
  refuse(command: Command, reason = CONNECTION_CLOSED): void {
    reject(command, reason);
  }

  /** Passes the commands to `write`, in order, except those that have ended meanwhile. */
  release(write: (command: Command) => void): void {
    for (const { command, inContext, since } of this.#held.takeAll()) {
      if (!isSettled(command)) {
        this.#account?.note({ kind: 'sent', heldMs: monotonicMs() - since });
        inContext(() => write(command));
      }
    }
  }

  /** Makes of a callback that ioredis calls when the slots are known one that is called in time in any case. */
  limit(callback: Callback): Callback {
    const call = (error?: Error | null) => {
      if (this.#callbacks.has(callback)) {
        clearTimeout(this.#callbacks.get(callback));
        this.#callbacks.delete(callback);
        callback(error);
      }
    };
    const { timeoutMs } = this.#hold;
    const timer = setTimeout(() => call(notApplied('pipeline', this.#describe('timed out'))), timeoutMs);
    this.#callbacks.set(callback, timer);
    return call;
  }

  end(): void {
    this.#held.rejectAll('closed');
    for (const [callback, timer] of this.#callbacks) {
      clearTimeout(timer);
      callback(notApplied('pipeline', CONNECTION_CLOSED));
    }
    this.#callbacks.clear();
  }

  #describe(end: HoldEnd): string {
    const { timeoutMs, maxCommands, maxBytes } = this.#hold;
    switch (end) {
      case 'timed out':
        return `held for ${timeoutMs} ms; ${UNKNOWN}`;
      case 'full':
        return `${maxCommands} commands are held already; ${UNKNOWN}`;
      case 'too many bytes':
        return `held commands may not exceed ${maxBytes} bytes together; ${UNKNOWN}`;
      case 'closed':
        return CONNECTION_CLOSED;
      default:
        return end satisfies never;
    }
  }
}

const UNKNOWN = 'no node has told the slots of the cluster yet';

function notApplied(command: string, reason: string): NotAppliedError {
  return new NotAppliedError({ command, generation: 0, reason });
}

function reject(command: Command, reason: string): boolean {
  if (isSettled(command)) {
    return false;
  }
  command.reject(notApplied(command.name, reason));
  return true;
}
