import type { Command } from 'ioredis';
import { isConnectionState, isReadOnly } from './command-traits.js';
import { NotAppliedError, UnknownOutcomeError } from './errors.js';
import { HoldQueue, type HeldCommand, type HoldEnd } from './hold-queue.js';
import {
  commandOf,
  isSettled,
  markRejection,
  type CommandItem,
  type CommandStream,
} from './ioredis-internals.js';
import { PipelineGaps } from './pipeline-gaps.js';
import { isDiscarded, isDiscardedByState, isStateRefusal } from './refusal.js';
import { Transactions } from './transactions.js';

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
  readonly reason: string;
}

interface OutcomesSettings {
  readonly hold: HoldOptions;
  readonly circumstances: () => Circumstances;
}

/** How an error reply was dealt with. */
export type RefusalVerdict = 'kept' | 'rejected' | 'not a refusal';

/**
 * Decides how each command ends: done, not applied, or unknown; and keeps those that wait for a node. A command
 * that was rejected is never sent afterwards.
 */
export class Outcomes {
  readonly #settings: OutcomesSettings;
  readonly #held: HoldQueue;
  readonly #transactions = new Transactions();
  /** Commands that must not wait: their callers want to know the state of the node as it is. */
  readonly #impatient = new WeakSet<Command>();
  readonly #gaps = new PipelineGaps();

  constructor(settings: OutcomesSettings) {
    this.#settings = settings;
    this.#held = new HoldQueue({
      maxCommands: settings.hold.maxCommands,
      reject: (held, end) => this.#endHold(held, end),
    });
  }

  get heldCommands(): number {
    return this.#held.size;
  }

  /** Whether commands issued now belong to a transaction that is issued one by one. */
  get isInTransaction(): boolean {
    return this.#transactions.isOpen;
  }

  neverHold(command: Command): void {
    this.#impatient.add(command);
  }

  /** Takes note of a command of a transaction as it is issued. */
  note(command: Command, stream: CommandStream | undefined): void {
    this.#transactions.note(command, stream);
  }

  /** Whether a command may be written now; a member of a broken transaction is rejected instead. */
  admit(command: Command): boolean {
    this.#transactions.admit(command);
    const state = this.#transactions.of(command)?.state;
    if (state?.kind === 'broken') {
      this.#rejectAsNotApplied(command, state.reason);
      return false;
    }
    return true;
  }

  /** Keeps a command that was issued while nothing may be written. */
  hold(held: Omit<HeldCommand, 'deadline'>): void {
    const { command } = held;
    if (this.#impatient.has(command)) {
      this.#rejectAsNotApplied(command, this.#settings.circumstances().reason);
      return;
    }
    markRejection(command);
    this.#held.add({ ...held, deadline: this.#deadlineFor(command) }, 'waiting');
  }

  /** A server answered with an error. Keeps what was refused because of the server's state. */
  refused(error: Error, item: CommandItem): RefusalVerdict {
    const command = commandOf(item);
    if (command === undefined) {
      return 'not a refusal';
    }
    if (this.#transactions.of(command) !== undefined) {
      return this.#refusedInTransaction(error, command, item.select);
    }
    if (!isStateRefusal(error.message)) {
      return 'not a refusal';
    }
    if (this.#impatient.has(command)) {
      command.reject(error);
      return 'rejected';
    }
    this.#keep(command, item.select);
    return 'kept';
  }

  /** The connection is gone, and with it the replies to these commands. */
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

  /** Hands out what waited, in order, leaving out what has ended meanwhile. */
  release(
    write: (command: Command, stream: CommandStream | undefined, db: number | undefined) => void,
  ): void {
    for (const { command, stream, db } of this.#held.takeAll()) {
      if (this.#isOver(command) || !this.admit(command)) {
        this.#gaps.add(stream);
        continue;
      }
      this.#gaps.close(stream);
      write(command, stream, db);
    }
  }

  /** Nothing that waits will ever be sent. */
  end(): void {
    this.#held.rejectAll('closed');
  }

  /** A transaction is sent again as a whole, also those of its commands whose promise is settled by `QUEUED`. */
  #isOver(command: Command): boolean {
    const transaction = this.#transactions.of(command);
    const exec = transaction?.state.kind === 'complete' ? transaction.commands.at(-1) : undefined;
    return isSettled(exec ?? command);
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

  /** The fate of a member is that of the whole, which `EXEC` tells; but who awaits `QUEUED` never gets to `EXEC`. */
  #refusedMember(command: Command): RefusalVerdict {
    if (this.#transactions.of(command)?.issued === 'at once') {
      this.#transactions.markRefused(command);
    } else {
      const reason = 'the server refused one of its commands because of its state';
      this.#transactions.break(command, reason);
      this.#rejectAsNotApplied(command, reason);
    }
    return 'kept';
  }

  #keepTransaction(command: Command, db: number): void {
    const transaction = this.#transactions.of(command);
    if (transaction === undefined) {
      return;
    }
    if (transaction.state.kind === 'broken') {
      const { reason } = transaction.state;
      transaction.commands.forEach((member) => this.#rejectAsNotApplied(member, reason));
      return;
    }
    this.#transactions.restart(command);
    const deadline = this.#deadlineFor(command);
    for (const member of transaction.commands) {
      this.#held.add({ command: member, db, deadline }, 'refused');
    }
  }

  #keep(command: Command, db: number): void {
    if (!isSettled(command)) {
      markRejection(command);
      this.#held.add({ command, db, deadline: this.#deadlineFor(command) }, 'refused');
    }
  }

  #lose(command: Command, item: CommandItem, node: string): void {
    const transaction = this.#transactions.of(command);
    const isRefused = this.#transactions.wasRefused(command);
    if (transaction !== undefined && isRefused) {
      // A member was refused, so the server cannot have executed any of them.
      if (command === transaction.commands.at(-1)) {
        this.#keepTransaction(command, item.select);
      }
      return;
    }
    if (transaction?.state.kind === 'open') {
      this.#rejectAsNotApplied(command, `the connection to ${node} was lost before EXEC`);
      return;
    }
    const canRepeat = isReadOnly(command.name) || isConnectionState(command.name);
    if (transaction === undefined && canRepeat && !this.#impatient.has(command)) {
      this.#keep(command, item.select);
      return;
    }
    const reason = `the connection to ${node} was lost before its reply`;
    command.reject(new UnknownOutcomeError({ ...this.#details(command), node, reason }));
  }

  /**
   * What sets up the connection waits without end: ioredis issues it by itself to restore subscriptions, where
   * nobody would handle a rejection, and without it the subscription would be lost in silence.
   */
  #deadlineFor(command: Command): number | undefined {
    if (isConnectionState(command.name)) {
      command.promise.catch(() => undefined);
      return undefined;
    }
    return Date.now() + this.#settings.hold.timeoutMs;
  }

  #endHold({ command, stream }: HeldCommand, end: HoldEnd): void {
    this.#gaps.add(stream);
    this.#transactions.break(command, 'one of its commands had to wait too long');
    this.#rejectAsNotApplied(command, this.#describeEnd(end));
  }

  #describeEnd(end: HoldEnd): string {
    const { timeoutMs, maxCommands } = this.#settings.hold;
    const { reason } = this.#settings.circumstances();
    switch (end) {
      case 'timed out':
        return `held for ${timeoutMs} ms; ${reason}`;
      case 'full':
        return `${maxCommands} commands are held already; ${reason}`;
      case 'closed':
        return 'the connection was closed while it was held';
      default:
        return end satisfies never;
    }
  }

  #rejectAsNotApplied(command: Command, reason: string): void {
    if (!isSettled(command)) {
      markRejection(command);
      command.reject(new NotAppliedError({ ...this.#details(command), reason }));
    }
  }

  #details(command: Command) {
    const { generation, node } = this.#settings.circumstances();
    return { command: command.name, generation, node };
  }
}
