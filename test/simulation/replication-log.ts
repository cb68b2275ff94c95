import { Keyspace } from './keyspace.js';

interface LogEntry {
  /** The offset behind it. */
  readonly end: number;
  /** Applied together, or none of them. */
  readonly commands: readonly (readonly string[])[];
}

/** What a server has on disk. */
export interface Snapshot {
  readonly id: string;
  readonly offset: number;
  readonly data: Keyspace;
}

/** The replication state of one server: its data, the ids of its history and its backlog. */
export class ReplicationLog {
  readonly #newId: () => string;
  data = new Keyspace();
  id: string;
  previousId: string | undefined;
  /** The first offset that is not shared with the previous id; -1 without one. */
  secondOffset = -1;
  offset = 0;
  #entries: LogEntry[] = [];
  /** The first offset in the backlog; a server without any replica so far has no backlog. */
  #backlogFrom: number | undefined;

  constructor(newId: () => string) {
    this.#newId = newId;
    this.id = newId();
  }

  append(commands: readonly (readonly string[])[]): void {
    if (this.#backlogFrom !== undefined) {
      this.offset += commands.flat().reduce((bytes, part) => bytes + part.length + 5, 4);
      this.#entries.push({ end: this.offset, commands });
    }
  }

  /** As `REPLICAOF NO ONE`: starts a history that continues the previous one. */
  shift(): void {
    this.previousId = this.id;
    this.secondOffset = this.offset + 1;
    this.id = this.#newId();
    this.#backlogFrom ??= this.offset;
  }

  /** Starts a history without a previous id, as when the first replica connects. */
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

  /** Whether `replica` can continue from its offset by a partial sync. */
  canContinue(replica: ReplicationLog): boolean {
    const isOnIt = replica.id === this.id && replica.offset <= this.offset;
    const wasOnIt = replica.id === this.previousId && replica.offset < this.secondOffset;
    return (isOnIt || wasOnIt) && replica.offset >= (this.#backlogFrom ?? Infinity);
  }

  /** Continues by a partial sync and keeps the previous id. */
  continueFrom(master: ReplicationLog): void {
    if (this.id !== master.id) {
      this.previousId = this.id;
      this.secondOffset = this.offset + 1;
      this.id = master.id;
    }
  }

  /** Replaces its data by that of the master: a full sync. */
  copyFrom(master: ReplicationLog): void {
    this.data = master.data.copy();
    this.id = master.id;
    this.previousId = undefined;
    this.secondOffset = -1;
    this.offset = master.offset;
    this.#entries = [];
    this.#backlogFrom = this.offset;
  }

  /** Applies the commands of the master that it lacks. */
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

  /** A new process with the data and the history that are on disk. */
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
