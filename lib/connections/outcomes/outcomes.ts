import type { Command } from 'ioredis';
import { isConnectionState, isTracked } from './command-traits.js';
import { WriteRefusals } from './write-refusals.js';
import { Deadlines } from './deadlines.js';
import { CONNECTION_CLOSED } from './errors.js';
import { KeptCommands, type RefusalVerdict } from './kept-commands.js';
import { HoldQueue, type HeldCommand, type HoldEnd, type Reject, type TakenCommand } from './hold-queue.js';
import {
  commandOf,
  isRestore,
  isSettled,
  isSetup,
  markRejection,
  type CommandItem,
  type CommandStream,
} from '../ioredis/internals.js';
import type { OutcomeSettings } from './outcome-settings.js';
import { PipelineGaps } from './pipeline-gaps.js';
import { isBusy, isStateRefusal } from './refusal.js';
import { refuse } from './refuse.js';
import { Rejections, type Circumstances, type Loss } from './rejections.js';
import { mayResend } from './resend.js';
import { FOREIGN_CURSOR, ScanCursors } from './scan-cursors.js';
import { Tally } from './tally.js';
import { Transactions } from './transactions.js';

/**
 * Decides how each command ends (applied, not applied or unknown) and holds the commands that wait for a node. A command
 * that was rejected is never sent afterwards.
 */
export class Outcomes {
  readonly #refusals: WriteRefusals;
  readonly #circumstances: () => Circumstances;
  readonly #tally: Tally;
  readonly #settings: OutcomeSettings;
  readonly #rejections: Rejections;
  readonly #held: HoldQueue;
  readonly #kept: KeptCommands;
  readonly #transactions = new Transactions();
  /** Commands that must not wait, because they test the current state of the node. */
  readonly #neverHeld = new WeakSet<Command>();
  readonly #gaps = new PipelineGaps();
  readonly #cursors: ScanCursors;
  readonly #deadlines: Deadlines;
  readonly #isRefusal: (message: string) => boolean;

  constructor(settings: OutcomeSettings, circumstances: () => Circumstances) {
    const { hold, notices, account } = settings;
    this.#tally = new Tally(settings, circumstances);
    this.#refusals = new WriteRefusals(notices);
    this.#circumstances = circumstances;
    this.#deadlines = new Deadlines(hold.timeoutMs);
    this.#cursors = new ScanCursors(() => circumstances().server);
    this.#settings = settings;
    this.#isRefusal = (message) => isStateRefusal(message) || settings.isRefusal?.(message) === true;
    this.#rejections = new Rejections({ hold, circumstances, tally: this.#tally });
    this.#held = new HoldQueue({ ...hold, account, reject: (held, end) => this.#endHold(held, end) });
    this.#kept = new KeptCommands({
      held: this.#held,
      deadlines: this.#deadlines,
      transactions: this.#transactions,
      rejections: this.#rejections,
      isRefusal: this.#isRefusal,
    });
  }

  get heldCommands(): number {
    return this.#held.size;
  }

  /** Call it for every command that is written at once. */
  onSend(command: Command): void {
    const { firstWrite } = this.#tally;
    if (this.#refusals.isOpen || firstWrite.isAwaited) {
      this.#refusals.onSend(command);
      firstWrite.onSend(command);
    }
  }

  neverHold(command: Command): void {
    this.#neverHeld.add(command);
  }

  /** Rejects a command that must not be sent. Returns whether something is to be sent in its place. */
  refuse(command: Command, reason: string): boolean {
    this.#tally.harmful();
    return refuse(command, { reason, isInTransaction: this.#transactions.of(command) !== undefined });
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
    this.#tally.stopped();
    return this.#transactions.interrupt();
  }

  /** Whether a command may be written now. A command that can no longer succeed is rejected instead. */
  admit(command: Command): boolean {
    this.#transactions.admit(command);
    if (this.#cursors.isForeign(command)) {
      this.#rejections.notApplied(command, { kind: 'foreign cursor', reason: FOREIGN_CURSOR });
      return false;
    }
    return !this.#kept.endBroken(command);
  }

  /** Holds a command that was issued while nothing may be written. */
  hold(held: Omit<HeldCommand, 'deadline'>): void {
    const { command, stream } = held;
    if (this.#kept.endBroken(command)) {
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

  /** Whether the next command may belong to a transaction. */
  get isInTransaction(): boolean {
    return this.#transactions.isOpen;
  }

  /** Records that one member of a pipeline will never be written. */
  skip(stream: CommandStream | undefined, canWrite: boolean): void {
    this.#gaps.skip(stream, canWrite);
  }

  /** Handles an error reply. Holds a command that was refused because of the state of the server. */
  refused(error: Error, item: CommandItem): RefusalVerdict {
    const command = commandOf(item);
    this.#refusals.note(error.message, this.#circumstances().node);
    if (command === undefined) {
      return 'not a refusal';
    }
    if (this.#transactions.of(command) !== undefined) {
      return this.#kept.refusedInTransaction(error, command, item.select);
    }
    if (!this.#isRefusal(error.message) && !(isBusy(error.message) && isRestore(command))) {
      return this.#settings.redirect?.(command, error.message) ? 'redirected' : 'not a refusal';
    }
    if (this.#neverHeld.has(command)) {
      command.reject(error);
      return 'rejected';
    }
    this.#kept.keep(command, item.select, 'refused');
    return 'kept';
  }

  /** Decides the outcome of commands whose replies were lost. If the app has closed the connection, none waits for another. */
  lost(items: readonly CommandItem[], loss: Loss): void {
    for (const item of items) {
      const command = commandOf(item);
      if (command === undefined) {
        item.command.reject(new Error(CONNECTION_CLOSED));
      } else {
        this.#lose(command, item, loss);
      }
    }
    this.#transactions.connectionLost();
    if (loss.by === 'the app') {
      this.end();
    }
  }

  /** Passes the held commands to `write`, in order, except those that have ended meanwhile. */
  release(
    write: (command: Command, stream: CommandStream | undefined, db: number | undefined) => void,
  ): void {
    const begun = new Set<CommandStream | undefined>();
    const sent: TakenCommand[] = [];
    this.#tally.firstWrite.opened();
    for (const held of this.#held.takeAll()) {
      const { command, stream, db, inContext } = held;
      if (isSettled(this.#transactions.decisive(command)) || !this.admit(command)) {
        this.#gaps.add(stream);
        continue;
      }
      this.#gaps.close(stream);
      this.#deadlines.pause(held);
      inContext(() => write(command, stream, db));
      this.#tally.firstWrite.onSend(command);
      begun.add(stream);
      sent.push(held);
    }
    begun.forEach((stream) => this.#gaps.close(stream));
    this.#tally.goesOn(sent);
  }

  /** Removes and returns the held commands that belong to another connection by now, except those of transactions. */
  takeHeld(isElsewhere: (command: Command) => boolean): readonly TakenCommand[] {
    const taken = this.#held.take((each) => this.#transactions.of(each) === undefined && isElsewhere(each));
    taken.forEach(({ stream }) => this.#gaps.add(stream));
    return taken;
  }

  /** Rejects a command that was issued after the app had closed the connection. */
  closed(command: Command): void {
    this.#rejections.holdEnded(command, 'closed');
  }

  end(): void {
    this.#held.rejectAll('closed');
  }

  #lose(command: Command, item: CommandItem, loss: Loss): void {
    if (isSetup(command)) {
      command.reject(new Error(CONNECTION_CLOSED));
      return;
    }
    const transaction = this.#transactions.of(command);
    if (transaction !== undefined && this.#transactions.wasRefused(command)) {
      // A command of the transaction was refused, so the server cannot have executed any of them.
      if (command === transaction.commands.at(-1)) {
        this.#kept.keepTransaction(command, item.select);
      }
      return;
    }
    if (transaction !== undefined && transaction.state.kind !== 'complete') {
      const reason = `the connection to ${loss.node} was lost before EXEC`;
      this.#rejections.notApplied(command, { kind: 'transaction', reason });
      return;
    }
    const canRepeat = isConnectionState(command.name) || mayResend(this.#settings.resend, command);
    if (transaction === undefined && canRepeat && !this.#neverHeld.has(command)) {
      this.#rejections.mayHaveRun(command, loss);
      this.#kept.keep(command, item.select, 'reply lost');
      return;
    }
    this.#rejections.unknown(command, loss);
  }

  #endHold({ command, stream, since }: Parameters<Reject>[0], end: HoldEnd): void {
    this.#gaps.add(stream);
    this.#transactions.break(command, 'one of its commands could not be held');
    this.#rejections.holdEnded(command, end, since);
  }
}
