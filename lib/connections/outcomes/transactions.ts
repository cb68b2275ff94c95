import type { Command } from 'ioredis';
import { isPipeline, type CommandStream } from '../ioredis/internals.js';

/** `MULTI` … `EXEC`: all of it runs on one master, or none. */
export interface Transaction {
  /** In the order they were issued; `MULTI` first, `EXEC` last once it is there. */
  readonly commands: readonly Command[];
  readonly state: TransactionState;
  /** `multi().exec()` issues all at once; with `multi({ pipeline: false })` callers await each `QUEUED`. */
  readonly issued: 'at once' | 'one by one';
}

export type TransactionState =
  | { readonly kind: 'open' }
  /** `EXEC` was issued, so that the whole is known and can be sent again as a whole. */
  | { readonly kind: 'complete' }
  /** It cannot be carried out as a whole any more: what is left of it must not be sent. */
  | { readonly kind: 'broken'; readonly reason: string };

interface Draft extends Transaction {
  readonly commands: Command[];
  state: TransactionState;
  /** A server refused a member because of its state, so `EXEC` will be refused too. */
  refused: boolean;
  /** It was begun under a `WATCH`, which holds on that one connection only. */
  watched: boolean;
}

/** Which commands belong together, on one connection. */
export class Transactions {
  readonly #byCommand = new WeakMap<Command, Draft>();
  readonly #byPipeline = new WeakMap<CommandStream, Draft>();
  /** Of `multi({ pipeline: false })`, whose commands are issued one by one. */
  #current: Draft | undefined;
  /** The pipeline that is being handed in and has an open transaction. */
  #pipeline: CommandStream | undefined;
  #watch: 'none' | 'watching' | 'lost' = 'none';

  /** Takes note of a command that opens, belongs to or ends a transaction. */
  note(command: Command, stream: CommandStream | undefined): void {
    const name = command.name.toLowerCase();
    const draft = name === 'multi' ? this.#begin(stream) : this.#find(stream);
    if (draft === undefined) {
      return;
    }
    draft.commands.push(command);
    this.#byCommand.set(command, draft);
    if (name === 'exec' || name === 'discard') {
      this.#end(draft, stream);
    }
  }

  /** The moment before a command is written: a `WATCH` that a lost connection took along must not pass silently. */
  admit(command: Command): void {
    switch (command.name.toLowerCase()) {
      case 'watch':
        this.#watch = this.#watch === 'lost' ? 'lost' : 'watching';
        break;
      case 'unwatch':
      case 'discard':
        this.#watch = 'none';
        break;
      case 'multi':
        this.#beginUnderWatch(command);
        break;
      default:
    }
  }

  /** Whether commands issued now may belong to a transaction without saying so themselves. */
  get isOpen(): boolean {
    return this.#current !== undefined || this.#pipeline !== undefined;
  }

  of(command: Command): Transaction | undefined {
    return this.#byCommand.get(command);
  }

  wasRefused(command: Command): boolean {
    return this.#byCommand.get(command)?.refused === true;
  }

  markRefused(command: Command): void {
    const draft = this.#byCommand.get(command);
    if (draft !== undefined) {
      draft.refused = true;
    }
  }

  /** To be sent again as a whole, where that can be: nothing is refused yet. */
  restart(command: Command): void {
    const draft = this.#byCommand.get(command);
    if (draft?.watched === true) {
      this.break(command, WATCH_LOST);
    } else if (draft !== undefined) {
      draft.refused = false;
    }
  }

  break(command: Command, reason: string): void {
    const draft = this.#byCommand.get(command);
    if (draft !== undefined) {
      draft.state = { kind: 'broken', reason };
    }
  }

  /** The command whose end is the end of this one: a transaction is sent again as a whole, queued members too. */
  decisive(command: Command): Command {
    const draft = this.#byCommand.get(command);
    return (draft?.state.kind === 'complete' ? draft.commands.at(-1) : undefined) ?? command;
  }

  /**
   * Nothing is written on the connection any more: a transaction that lacks its `EXEC` cannot be carried out. Whether
   * there was one, so that the server still waits for its end.
   */
  interrupt(): boolean {
    if (this.#current === undefined) {
      return false;
    }
    this.#current.state = { kind: 'broken', reason: 'the connection was lost before EXEC' };
    return true;
  }

  /** What a server knew of transactions and watched keys is gone with the connection. */
  connectionLost(): void {
    this.#watch = this.#watch === 'none' ? 'none' : 'lost';
    this.interrupt();
  }

  #beginUnderWatch(multi: Command): void {
    const draft = this.#byCommand.get(multi);
    if (this.#watch === 'lost') {
      this.break(multi, WATCH_LOST);
    } else if (this.#watch === 'watching' && draft !== undefined) {
      draft.watched = true;
    }
    this.#watch = 'none';
  }

  #begin(stream: CommandStream | undefined): Draft {
    const base = { state: { kind: 'open' }, refused: false, watched: false } as const;
    if (stream !== undefined && isPipeline(stream)) {
      const draft: Draft = { ...base, commands: [], issued: 'at once' };
      this.#byPipeline.set(stream, draft);
      this.#pipeline = stream;
      return draft;
    }
    this.#current = { ...base, commands: [], issued: 'one by one' };
    return this.#current;
  }

  #find(stream: CommandStream | undefined): Draft | undefined {
    return stream === undefined ? this.#current : this.#byPipeline.get(stream);
  }

  #end(draft: Draft, stream: CommandStream | undefined): void {
    if (draft.state.kind === 'open') {
      draft.state = { kind: 'complete' };
    }
    if (stream === undefined) {
      this.#current = undefined;
    } else {
      this.#byPipeline.delete(stream);
      this.#pipeline = undefined;
    }
  }
}

const WATCH_LOST = 'the keys under WATCH were watched on a connection that is gone';
