import { Keyspace } from './keyspace.js';

interface LogEntry {
  /** The offset behind it. */
  readonly end: number;
  /** Applied together or not at all. */
  readonly commands: readonly (readonly string[])[];
}

/** What a server has on disk. */
export interface Snapshot {
  readonly id: string;
  readonly offset: number;
  readonly data: Keyspace;
}

/** The replication stream as one server has it: its data, the ids of its history, and what it can hand on. */
export class ReplicationLog {
  readonly #newId: () => string;
  data = new Keyspace();
  id: string;
  previousId: string | undefined;
  /** The first offset that is not shared with the previous id; -1 without one. */
  secondOffset = -1;
  offset = 0;
  #entries: LogEntry[] = [];
  /** From which offset on it can be handed on; a server to which nobody ever connected keeps nothing. */
  #backlogFrom: number | undefined;

  constructor(newId: () => string) {
    this.#newId = newId;
    this.id = newId();
  }

  append(commands: readonly (readonly string[])[]): void {
    if (this.#backlogFrom !== undefined) {
      this.offset += commands.flat().reduce((bytes, word) => bytes + word.length + 5, 4);
      this.#entries.push({ end: this.offset, commands });
    }
  }

  /** As `REPLICAOF NO ONE`: a history of its own, which continues the one so far. */
  shift(): void {
    this.previousId = this.id;
    this.secondOffset = this.offset + 1;
    this.id = this.#newId();
    this.#backlogFrom ??= this.offset;
  }

  /** A new history that does not tell where it comes from, as when the first replica ever connects. */
  restart(): void {
    this.id = this.#newId();
    this.previousId = undefined;
    this.secondOffset = -1;
    this.#entries = [];
    this.#backlogFrom = this.offset;
  }

  get hasBacklog(): boolean {
    return this.#backlogFrom !== undefined;
  }

  /** Whether `replica` can go on from where it is. */
  canContinue(replica: ReplicationLog): boolean {
    const isOnIt = replica.id === this.id && replica.offset <= this.offset;
    const wasOnIt = replica.id === this.previousId && replica.offset < this.secondOffset;
    return (isOnIt || wasOnIt) && replica.offset >= (this.#backlogFrom ?? Infinity);
  }

  /** Goes on from where it is: remembers under which id it got there. */
  continueFrom(master: ReplicationLog): void {
    if (this.id !== master.id) {
      this.previousId = this.id;
      this.secondOffset = this.offset + 1;
      this.id = master.id;
    }
  }

  /** Takes over all there is. */
  copyFrom(master: ReplicationLog): void {
    this.data = master.data.copy();
    this.id = master.id;
    this.previousId = undefined;
    this.secondOffset = -1;
    this.offset = master.offset;
    this.#entries = [];
    this.#backlogFrom = this.offset;
  }

  /** Applies what the master has and this one has not. */
  catchUp(master: ReplicationLog): void {
    for (const entry of master.#entries) {
      if (entry.end > this.offset) {
        entry.commands.forEach((command) => this.data.execute(command));
        this.offset = entry.end;
        this.#entries.push(entry);
      }
    }
  }

  save(): Snapshot {
    return { id: this.id, offset: this.offset, data: this.data.copy() };
  }

  /** A new process that has read its data from disk, and knows what it was. */
  static load(
    newId: () => string,
    { id, offset, data }: Snapshot,
    role: 'master' | 'replica',
  ): ReplicationLog {
    const log = new ReplicationLog(newId);
    log.data = data.copy();
    log.id = id;
    log.offset = offset;
    log.#backlogFrom = offset;
    if (role === 'master') {
      log.shift();
    }
    return log;
  }
}
