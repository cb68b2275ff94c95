import type { Command } from 'ioredis';
import type { Deadlines } from './deadlines.js';
import type { ResendReason } from './connection-event.js';
import type { HoldQueue } from './hold-queue.js';
import { isSettled, markRejection } from '../ioredis/internals.js';
import { isDiscarded, isDiscardedByState } from './refusal.js';
import type { Rejections } from './rejections.js';
import type { Transactions } from './transactions.js';

/** How an error reply was handled. */
export type RefusalVerdict = 'kept' | 'rejected' | 'redirected' | 'not a refusal';

interface Parts {
  readonly held: HoldQueue;
  readonly deadlines: Deadlines;
  readonly transactions: Transactions;
  readonly rejections: Rejections;
  /** Whether the server did not apply a command because of its own state. */
  readonly isRefusal: (message: string) => boolean;
}

/** Puts commands that were sent back into the queue, ahead of those that were not: they will be sent again. */
export class KeptCommands {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  keep(command: Command, db: number, reason: ResendReason): void {
    const { held, deadlines } = this.#parts;
    if (!isSettled(command)) {
      markRejection(command);
      held.add({ command, db, deadline: deadlines.of(command) }, reason);
    }
  }

  /** Keeps the whole transaction of a command, or rejects it if it can no longer run. */
  keepTransaction(command: Command, db: number): void {
    const { held, deadlines, transactions, rejections } = this.#parts;
    const transaction = transactions.of(command);
    if (transaction === undefined) {
      return;
    }
    transactions.restart(command);
    if (transaction.state.kind === 'broken') {
      const { reason } = transaction.state;
      transaction.commands.forEach((member) =>
        rejections.notApplied(member, { kind: 'transaction', reason }),
      );
      return;
    }
    const deadline = deadlines.of(command);
    for (const member of transaction.commands) {
      held.add({ command: member, db, deadline }, 'refused');
    }
  }

  /** Rejects a command of a broken transaction at once, because waiting could not help it. */
  endBroken(command: Command): boolean {
    const state = this.#parts.transactions.of(command)?.state;
    if (state?.kind !== 'broken') {
      return false;
    }
    this.#parts.rejections.notApplied(command, { kind: 'transaction', reason: state.reason });
    return true;
  }

  /** Handles an error reply to a command of a transaction. */
  refusedInTransaction(error: Error, command: Command, db: number): RefusalVerdict {
    const isExec = command.name.toLowerCase() === 'exec';
    if (!isExec && this.#parts.isRefusal(error.message)) {
      return this.#refusedMember(command);
    }
    const byState = isDiscardedByState(error.message) || this.#parts.transactions.wasRefused(command);
    if (!isExec || !isDiscarded(error.message) || !byState) {
      return 'not a refusal';
    }
    this.keepTransaction(command, db);
    return 'kept';
  }

  /** `EXEC` decides the outcome of all commands. But a caller that awaits each `QUEUED` would never issue it. */
  #refusedMember(command: Command): RefusalVerdict {
    const { transactions, rejections } = this.#parts;
    transactions.markRefused(command);
    const transaction = transactions.of(command);
    if (transaction?.issued === 'at once' && transaction.state.kind === 'complete') {
      this.#settleAfter(transactions.decisive(command), command);
    } else {
      transactions.break(command, REFUSED);
      rejections.notApplied(command, { kind: 'transaction', reason: REFUSED });
    }
    return 'kept';
  }

  /** A server or proxy without transactions refuses `MULTI` and `EXEC`, and then nothing else settles what it refused. */
  #settleAfter(exec: Command, member: Command): void {
    const settle = () => this.#parts.rejections.notApplied(member, { kind: 'transaction', reason: REFUSED });
    exec.promise.then(settle, settle);
  }
}

const REFUSED = 'the server refused one of its commands because of its state';
