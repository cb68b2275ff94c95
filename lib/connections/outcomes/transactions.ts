import type { Command } from 'ioredis';
import { isPipeline, type CommandStream } from '../ioredis/internals.js';

/** `MULTI` … `EXEC`: runs completely on one master, or not at all. */
export interface Transaction {
  /** In the order they were issued: first `MULTI`, last `EXEC` if it was issued already. */
  readonly commands: readonly Command[];
  readonly state: TransactionState;
  /** `multi().exec()` issues all at once; with `multi({ pipeline: false })` the caller awaits each `QUEUED`. */
  readonly issued: 'at once' | 'one by one';
}

export type TransactionState =
  | { readonly kind: 'open' }
  /** `EXEC` was issued, so all commands are known and can be sent again together. */
  | { readonly kind: 'complete' }
  /** It can no longer run completely, so the rest of it must not be sent. */
  | { readonly kind: 'broken'; readonly reason: string };

interface Draft extends Transaction {
  readonly commands: Command[];
  state: TransactionState;
  /** A server refused a command of it because of its state, so `EXEC` will be refused too. */
  refused: boolean;
  /** It began after a `WATCH`, which is valid on that connection only. */
  watched: boolean;
}

/** Tracks which commands of one connection belong to the same transaction. */
export class Transactions {
  readonly #byCommand = new WeakMap<Command, Draft>();
  readonly #byPipeline = new WeakMap<CommandStream, Draft>();
  /** The open transaction of `multi({ pipeline: false })`, whose commands are issued one by one. */
  #current: Draft | undefined;
  /** The pipeline that is being issued and has an open transaction. */
  #pipeline: CommandStream | undefined;
  #watch: 'none' | 'watching' | 'lost' = 'none';

  /** Records a command that opens, belongs to or ends a transaction. */
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

  /** Call it before a command is written, so that a transaction whose `WATCH` was lost with a connection is rejected. */
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

  /** Whether a command issued now may belong to a transaction although its `inTransaction` is not set. */
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

  /** Prepares a transaction to be sent again. Breaks it if it depends on a `WATCH` of the previous connection. */
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

  /** The command that decides whether this one is settled. For a complete transaction that is `EXEC`. */
  decisive(command: Command): Command {
    const draft = this.#byCommand.get(command);
    return (draft?.state.kind === 'complete' ? draft.commands.at(-1) : undefined) ?? command;
  }

  /**
   * Breaks an open transaction, because its `EXEC` can no longer be written on this connection. Returns whether there
   * was one, so that the server still waits for its `EXEC`.
   */
  interrupt(): boolean {
    if (this.#current === undefined) {
      return false;
    }
    this.#current.state = { kind: 'broken', reason: 'the connection was lost before EXEC' };
    return true;
  }

  /** The server forgets open transactions and watched keys when the connection is lost. */
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

const WATCH_LOST = 'the connection on which WATCH was sent was lost';
