import { AsyncLocalStorage } from 'node:async_hooks';
import type { Command } from 'ioredis';
import { monotonicMs } from '../../clock/clock.js';
import type { CommandStream } from '../ioredis/internals.js';
import type { ResendReason } from './connection-event.js';
import type { Account } from './ledger.js';

/** A command that waits for a node. */
export interface HeldCommand {
  readonly command: Command;
  /** The pipeline it must be written with, if any. */
  readonly stream?: CommandStream | undefined;
  /** The database it was issued for, if known. */
  readonly db?: number | undefined;
  /** When it is rejected, in milliseconds of the monotonic clock; never, if absent. */
  readonly deadline?: number | undefined;
}

/** A command that is taken from the queue to be sent. */
export interface TakenCommand extends HeldCommand {
  /** Calls back in the async context of the caller of the command, which tracing needs, if it was held when issued. */
  readonly inContext: (send: () => void) => void;
  readonly place: Place;
  /** When it was held, in milliseconds of the monotonic clock. */
  readonly since: number;
}

/** Where a command comes in the queue: those that were sent before are older than all that were not. */
export type Place = 'waiting' | ResendReason;

/** Why a held command left the queue without being sent. */
export type HoldEnd = 'timed out' | 'full' | 'too many bytes' | 'closed';

export type Reject = (held: HeldCommand & { readonly since?: number }, end: HoldEnd) => void;

interface HoldLimits {
  readonly maxCommands: number;
  /** Of the arguments of all commands together. */
  readonly maxBytes: number;
  /** Rejects a command, which the queue has already removed; `since` when it was held, if it was. */
  readonly reject: Reject;
  /** Where it is counted what is held. */
  readonly account?: Account | undefined;
}

/** Held commands in the order in which they will be sent, limited in number, size and time. */
export class HoldQueue {
  readonly #limits: HoldLimits;
  /** Commands that were sent to the previous node. */
  #refused: TakenCommand[] = [];
  #waiting: TakenCommand[] = [];
  /** How many of them are subject to the limits; what restores a connection is not. */
  #bounded = 0;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires, in milliseconds of the monotonic clock. */
  #due = Infinity;

  constructor(limits: HoldLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#refused.length + this.#waiting.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** When the oldest command was held, in milliseconds of the monotonic clock. */
  get oldest(): number | undefined {
    const firsts = [this.#refused[0], this.#waiting[0]].flatMap((held) => held?.since ?? []);
    return firsts.length === 0 ? undefined : Math.min(...firsts);
  }

  /** Adds a command. If there is no room for it, the command is rejected at once. */
  add(held: HeldCommand, place: Place): void {
    if (this.#bounded >= this.#limits.maxCommands && held.deadline !== undefined) {
      this.#limits.reject(held, 'full');
      return;
    }
    const bytes = bytesOf(held);
    if (this.#bytes + bytes > this.#limits.maxBytes && held.deadline !== undefined) {
      this.#limits.reject(held, 'too many bytes');
      return;
    }
    this.#bounded += held.deadline === undefined ? 0 : 1;
    this.#bytes += bytes;
    const since = monotonicMs();
    if (place === 'waiting') {
      this.#waiting.push({ ...held, place, since, inContext: AsyncLocalStorage.snapshot() });
    } else {
      this.#refused.push({ ...held, place, since, inContext: (send) => send() });
    }
    this.#arm(held.deadline);
    this.#limits.account?.held(this);
  }

  /** Removes and returns all commands, in order. */
  takeAll(): readonly TakenCommand[] {
    const all = [...this.#refused, ...this.#waiting];
    this.#refused = [];
    this.#waiting = [];
    this.#bounded = 0;
    this.#bytes = 0;
    this.#disarm();
    this.#limits.account?.emptied(this);
    return all;
  }

  /** Removes and returns the commands that fit, in order. */
  take(fits: (command: Command) => boolean): readonly TakenCommand[] {
    return this.#remove(({ command }) => fits(command));
  }

  rejectAll(end: HoldEnd): void {
    for (const held of this.takeAll()) {
      this.#limits.reject(held, end);
    }
  }

  #remove(fits: (held: TakenCommand) => boolean): readonly TakenCommand[] {
    const removed = [...this.#refused, ...this.#waiting].filter(fits);
    const gone = new Set(removed);
    this.#refused = this.#refused.filter((held) => !gone.has(held));
    this.#waiting = this.#waiting.filter((held) => !gone.has(held));
    this.#bounded -= removed.filter(({ deadline }) => deadline !== undefined).length;
    this.#bytes -= removed.reduce((sum, held) => sum + bytesOf(held), 0);
    if (this.size === 0) {
      this.#limits.account?.emptied(this);
    }
    return removed;
  }

  /** One timer serves all commands, because thousands may be held. It fires at most once per `TICK_MS`. */
  #arm(deadline: number | undefined): void {
    if (deadline === undefined || deadline >= this.#due) {
      return;
    }
    this.#disarm();
    this.#due = deadline;
    this.#timer = setTimeout(() => this.#expire(), Math.max(TICK_MS, deadline - monotonicMs()));
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#due = Infinity;
  }

  #expire(): void {
    this.#due = Infinity;
    const now = monotonicMs();
    const over = this.#remove(({ deadline = Infinity }) => deadline <= now);
    for (const { deadline } of [...this.#refused, ...this.#waiting]) {
      this.#arm(deadline);
    }
    for (const held of over) {
      this.#limits.reject(held, 'timed out');
    }
  }
}

const TICK_MS = 5;

/** An estimate, because it runs for every held command: a string counts one byte for each UTF-16 unit. */
function bytesOf({ command }: HeldCommand): number {
  return command.args.reduce((sum: number, arg: unknown) => sum + lengthOf(arg), 0);
}

function lengthOf(arg: unknown): number {
  return typeof arg === 'string' || arg instanceof Uint8Array ? arg.length : 8;
}
