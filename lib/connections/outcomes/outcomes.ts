import type { Command } from 'ioredis';
import { isTracked, isConnectionState } from './command-traits.js';
import { Deadlines } from './deadlines.js';
import { HoldQueue, type HeldCommand, type HoldEnd } from './hold-queue.js';
import {
  commandOf,
  isSettled,
  isRestore,
  markRejection,
  type CommandItem,
  type CommandStream,
} from '../ioredis/internals.js';
import { PipelineGaps } from './pipeline-gaps.js';
import { isBusy, isDiscarded, isDiscardedByState, isStateRefusal } from './refusal.js';
import { Rejections, type Circumstances, type HoldOptions } from './rejections.js';
import { mayResend, type Resend } from './resend.js';
import { ScanCursors } from './scan-cursors.js';
import { Transactions } from './transactions.js';

/** How long commands may wait, and which are sent again after their reply was lost. */
export interface OutcomeSettings {
  readonly hold: HoldOptions;
  readonly resend: Resend;
}

/** How an error reply was handled. */
export type RefusalVerdict = 'kept' | 'rejected' | 'not a refusal';

/**
 * Decides how each command ends (applied, not applied or unknown) and holds the commands that wait for a node. A command
 * that was rejected is never sent afterwards.
 */
export class Outcomes {
  readonly #resend: Resend;
  readonly #rejections: Rejections;
  readonly #held: HoldQueue;
  readonly #transactions = new Transactions();
  /** Commands that must not wait, because they test the current state of the node. */
  readonly #neverHeld = new WeakSet<Command>();
  readonly #gaps = new PipelineGaps();
  readonly #cursors: ScanCursors;
  readonly #deadlines: Deadlines;

  constructor({ hold, resend }: OutcomeSettings, circumstances: () => Circumstances) {
    this.#deadlines = new Deadlines(hold.timeoutMs);
    this.#cursors = new ScanCursors(() => circumstances().server);
    this.#resend = resend;
    this.#rejections = new Rejections(hold, circumstances);
    this.#held = new HoldQueue({
      maxCommands: hold.maxCommands,
      reject: (held, end) => this.#endHold(held, end),
    });
  }

  get heldCommands(): number {
    return this.#held.size;
  }

  neverHold(command: Command): void {
    this.#neverHeld.add(command);
  }

  /** Records a command when it is issued. Returns whether its outcome may depend on other commands. */
  note(command: Command, stream: CommandStream | undefined): boolean {
    const isDependent = isTracked(command) || this.#transactions.isOpen;
    if (isDependent) {
      this.#transactions.note(command, stream);
      this.#deadlines.note(command);
    }
    return isDependent;
  }

  /** Call it when nothing may be written any more. Returns whether the server still waits for an `EXEC`. */
  interrupt(): boolean {
    return this.#transactions.interrupt();
  }

  /** Whether a command may be written now. A command that can no longer succeed is rejected instead. */
  admit(command: Command): boolean {
    this.#transactions.admit(command);
    if (this.#cursors.isForeign(command)) {
      this.#rejections.notApplied(command, 'its cursor was issued by another server; start the scan again');
      return false;
    }
    return !this.#isBroken(command);
  }

  /** Holds a command that was issued while nothing may be written. */
  hold(held: Omit<HeldCommand, 'deadline'>): void {
    const { command, stream } = held;
    if (this.#isBroken(command)) {
      this.#gaps.add(stream);
      return;
    }
    if (this.#neverHeld.has(command)) {
      this.#rejections.notHeld(command);
      return;
    }
    markRejection(command);
    this.#held.add({ ...held, deadline: this.#deadlines.of(command) }, 'waiting');
  }

  /** Records that one member of a held pipeline will never be written. */
  skip(stream: CommandStream): void {
    this.#gaps.add(stream);
  }

  /** Handles an error reply. Holds a command that was refused because of the state of the server. */
  refused(error: Error, item: CommandItem): RefusalVerdict {
    const command = commandOf(item);
    if (command === undefined) {
      return 'not a refusal';
    }
    if (this.#transactions.of(command) !== undefined) {
      return this.#refusedInTransaction(error, command, item.select);
    }
    if (!isStateRefusal(error.message) && !(isBusy(error.message) && isRestore(command))) {
      return 'not a refusal';
    }
    if (this.#neverHeld.has(command)) {
      command.reject(error);
      return 'rejected';
    }
    this.#keep(command, item.select);
    return 'kept';
  }

  /** Decides the outcome of commands whose replies were lost with the connection to `node`. */
  lost(items: readonly CommandItem[], node: string): void {
    for (const item of items) {
      const command = commandOf(item);
      if (command === undefined) {
        item.command.reject(new Error('Connection is closed.'));
      } else {
        this.#lose(command, item, node);
      }
    }
    this.#transactions.connectionLost();
  }

  /** Passes the held commands to `write`, in order, except those that have ended meanwhile. */
  release(
    write: (command: Command, stream: CommandStream | undefined, db: number | undefined) => void,
  ): void {
    const begun = new Set<CommandStream | undefined>();
    for (const held of this.#held.takeAll()) {
      const { command, stream, db, inContext } = held;
      if (isSettled(this.#transactions.decisive(command)) || !this.admit(command)) {
        this.#gaps.add(stream);
        continue;
      }
      this.#gaps.close(stream);
      this.#deadlines.pause(held);
      inContext(() => write(command, stream, db));
      begun.add(stream);
    }
    begun.forEach((stream) => this.#gaps.close(stream));
  }

  end(): void {
    this.#held.rejectAll('closed');
  }

  /** Rejects a command of a broken transaction at once, because waiting could not help it. */
  #isBroken(command: Command): boolean {
    const state = this.#transactions.of(command)?.state;
    if (state?.kind !== 'broken') {
      return false;
    }
    this.#rejections.notApplied(command, state.reason);
    return true;
  }

  #refusedInTransaction(error: Error, command: Command, db: number): RefusalVerdict {
    const isExec = command.name.toLowerCase() === 'exec';
    if (!isExec && isStateRefusal(error.message)) {
      return this.#refusedMember(command);
    }
    const byState = isDiscardedByState(error.message) || this.#transactions.wasRefused(command);
    if (!isExec || !isDiscarded(error.message) || !byState) {
      return 'not a refusal';
    }
    this.#keepTransaction(command, db);
    return 'kept';
  }

  /** `EXEC` decides the outcome of all commands. But a caller that awaits each `QUEUED` would never issue it. */
  #refusedMember(command: Command): RefusalVerdict {
    this.#transactions.markRefused(command);
    if (this.#transactions.of(command)?.issued !== 'at once') {
      const reason = 'the server refused one of its commands because of its state';
      this.#transactions.break(command, reason);
      this.#rejections.notApplied(command, reason);
    }
    return 'kept';
  }

  #keepTransaction(command: Command, db: number): void {
    const transaction = this.#transactions.of(command);
    if (transaction === undefined) {
      return;
    }
    this.#transactions.restart(command);
    if (transaction.state.kind === 'broken') {
      const { reason } = transaction.state;
      transaction.commands.forEach((member) => this.#rejections.notApplied(member, reason));
      return;
    }
    const deadline = this.#deadlines.of(command);
    for (const member of transaction.commands) {
      this.#held.add({ command: member, db, deadline }, 'refused');
    }
  }

  #keep(command: Command, db: number): void {
    if (!isSettled(command)) {
      markRejection(command);
      this.#held.add({ command, db, deadline: this.#deadlines.of(command) }, 'refused');
    }
  }

  #lose(command: Command, item: CommandItem, node: string): void {
    const transaction = this.#transactions.of(command);
    const isRefused = this.#transactions.wasRefused(command);
    if (transaction !== undefined && isRefused) {
      // A command of the transaction was refused, so the server cannot have executed any of them.
      if (command === transaction.commands.at(-1)) {
        this.#keepTransaction(command, item.select);
      }
      return;
    }
    if (transaction !== undefined && transaction.state.kind !== 'complete') {
      this.#rejections.notApplied(command, `the connection to ${node} was lost before EXEC`);
      return;
    }
    const canRepeat = isConnectionState(command.name) || mayResend(this.#resend, command);
    if (transaction === undefined && canRepeat && !this.#neverHeld.has(command)) {
      this.#rejections.mayHaveRun(command, node);
      this.#keep(command, item.select);
      return;
    }
    this.#rejections.unknown(command, node);
  }

  #endHold({ command, stream }: HeldCommand, end: HoldEnd): void {
    this.#gaps.add(stream);
    this.#transactions.break(command, 'one of its commands could not be held');
    this.#rejections.holdEnded(command, end);
  }
}
