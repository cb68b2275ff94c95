import { Subject, type Observable } from 'rxjs';
import { monotonicMs } from '../../clock/clock.js';
import type { NodeFault } from '../../topology/observation.js';
import { addEvent, noCommands, type CommandTotals } from './command-totals.js';
import type { CommandEvent, ConnectionEvent, ConnectionIdentity, LineEvent } from './connection-event.js';

/**
 * The commands that wait at this moment.
 *
 * @publicApi
 */
export interface HeldNow {
  readonly commands: number;
  /** Of their arguments, estimated. */
  readonly bytes: number;
  /** For how long the oldest has been held, in milliseconds; absent if there is none. */
  readonly oldestMs?: number;
}

/** What became of the commands of one connection, or of all duplicates together. */
export interface ConnectionCounts extends ConnectionIdentity {
  /** How many of them can be written to now. */
  readonly open: number;
  /** How many attempts to connect have failed, by their fault. Only grows. */
  readonly failures: Readonly<Partial<Record<NodeFault, number>>>;
  readonly held: HeldNow;
  readonly totals: CommandTotals;
}

type Surround = (identity: ConnectionIdentity, run: () => void) => void;

/** A queue of held commands. */
interface Holder {
  readonly size: number;
  readonly bytes: number;
  /** When the oldest was held, in milliseconds of the monotonic clock. */
  readonly oldest: number | undefined;
}

/**
 * What became of all commands of one instance that were not just written and answered: plain values to read at any time,
 * and each event as it happens. Nothing is noted while commands are written at once.
 */
export class Ledger {
  readonly #events$ = new Subject<ConnectionEvent>();
  readonly #accounts = new Map<string, Account>();

  /**
   * Runs what ioredis, and whatever wraps it, does for a command that is going to be held. Tracing surrounds it, so that the
   * span of the command knows why it waits.
   */
  surround: Surround = (_identity, run) => run();

  /** Never errors, replays nothing, and completes when closed. Emits after the caller of a command was answered. */
  get events$(): Observable<ConnectionEvent> {
    return this.#events$.asObservable();
  }

  /** One entry for each kind of connection, and shard of a cluster, that the app has made. */
  counts(): readonly ConnectionCounts[] {
    return [...this.#accounts.values()].map((account) => account.counts());
  }

  account(identity: ConnectionIdentity): Account {
    const key = `${identity.connection} ${identity.shard ?? ''}`;
    const account =
      this.#accounts.get(key) ?? new Account(this, identity, (event) => this.#events$.next(event));
    this.#accounts.set(key, account);
    return account;
  }

  close(): void {
    this.#events$.complete();
  }
}

/** The part of the ledger for one connection, or for all duplicates. */
export class Account {
  readonly #ledger: Ledger;
  readonly #identity: ConnectionIdentity;
  readonly #emit: (event: ConnectionEvent) => void;
  readonly #holders = new Set<Holder>();
  #totals = noCommands;
  #open = 0;
  #failures: ConnectionCounts['failures'] = {};

  constructor(ledger: Ledger, identity: ConnectionIdentity, emit: (event: ConnectionEvent) => void) {
    this.#ledger = ledger;
    this.#identity = identity;
    this.#emit = emit;
  }

  note(event: CommandEvent | LineEvent): void {
    this.#totals = addEvent(this.#totals, event);
    this.#emit({ ...this.#identity, ...event, at: monotonicMs() });
  }

  /** Call it when a connection may be written to. */
  opened(): void {
    this.#open += 1;
  }

  /** Call it when a connection that was opened may not be written to any more. */
  closed(): void {
    this.#open -= 1;
  }

  /** Call it when an attempt to connect to the node has failed. */
  failed(node: string, fault: NodeFault): void {
    this.#failures = { ...this.#failures, [fault]: (this.#failures[fault] ?? 0) + 1 };
    this.note({ kind: 'failed', node, fault });
  }

  /** Call it with what begins the wait of a command. */
  whileHolding(run: () => void): void {
    this.#ledger.surround(this.#identity, run);
  }

  /** Call it when a queue has a command more. */
  held(holder: Holder): void {
    this.#holders.add(holder);
    this.note({ kind: 'held' });
  }

  /** Call it when a queue is empty. */
  emptied(holder: Holder): void {
    this.#holders.delete(holder);
  }

  /** Where the duplicates of this connection are counted. */
  ofDuplicates(): Account {
    return this.#ledger.account({ ...this.#identity, connection: 'duplicate' });
  }

  /** Where the connection to one shard of a cluster is counted. */
  ofShard(shard: string): Account {
    return this.#ledger.account({ ...this.#identity, shard });
  }

  counts(): ConnectionCounts {
    const holders = [...this.#holders];
    const oldest = Math.min(...holders.map((each) => each.oldest ?? Infinity));
    return {
      ...this.#identity,
      open: this.#open,
      failures: this.#failures,
      held: {
        commands: holders.reduce((sum, { size }) => sum + size, 0),
        bytes: holders.reduce((sum, { bytes }) => sum + bytes, 0),
        ...(oldest !== Infinity && { oldestMs: Math.max(0, monotonicMs() - oldest) }),
      },
      totals: this.#totals,
    };
  }
}

/** Runs what begins the wait of a command, as `surround` of the ledger says. */
export function whileHolding(account: Account | undefined, run: () => void): void {
  if (account === undefined) {
    run();
  } else {
    account.whileHolding(run);
  }
}
