import { endWith, ignoreElements, map, merge, Observable, Subject, takeUntil } from 'rxjs';
import { monotonicMs } from '../clock/clock.js';
import type { ConnectionEvent } from '../connections/outcomes/connection-event.js';
import type { ChangeNote } from '../topology/describe-change.js';
import type { Topology } from '../topology/topology.js';
import { describeCompletion } from './describe-completion.js';
import type { FailoverRecord } from './failover-record.js';
import { foldHistory, initialHistory, type HistoryEvent } from './fold-history.js';

/**
 * The failovers that this process went through.
 *
 * @publicApi
 */
export interface RedisFailovers {
  /**
   * Emits the record of a failover when another master is accepted (`open`), again when it is `complete`, and again when a
   * loss of data is proven or grows. First replays the last 100, each as it is now. Never errors, and completes at shutdown.
   */
  readonly failovers$: Observable<FailoverRecord>;
  /** The last 100 as they are now, the oldest first. */
  readonly failovers: readonly FailoverRecord[];
  /** The last one as it is now, also while it is open; `undefined` if there was none. */
  readonly lastFailover: FailoverRecord | undefined;
}

interface Followed {
  readonly topology$: Observable<Topology>;
  readonly events$: Observable<ConnectionEvent>;
  /** Of a cluster, the id. */
  readonly shard?: string;
  /** Receives the line of the log about each failover that is complete. */
  readonly tell?: (note: ChangeNote) => void;
}

/** How many failovers are kept. */
const MAX_RECORDS = 100;

/** Keeps the records of one instance, of all shards together. */
export class FailoverHistory implements RedisFailovers {
  readonly failovers$: Observable<FailoverRecord>;
  // Not `#private`: some tools wrap providers in proxies, through which private fields cannot be read.
  private readonly instance: string;
  private readonly news$ = new Subject<FailoverRecord>();
  private readonly records = new Map<string, FailoverRecord>();

  constructor(instance: string) {
    this.instance = instance;
    this.failovers$ = new Observable((subscriber) => {
      this.failovers.forEach((record) => subscriber.next(record));
      return this.news$.subscribe(subscriber);
    });
  }

  get failovers(): readonly FailoverRecord[] {
    return [...this.records.values()];
  }

  get lastFailover(): FailoverRecord | undefined {
    return this.failovers.at(-1);
  }

  /** Follows one group until its topology completes. */
  follow({ topology$, events$, shard, tell }: Followed): void {
    let state = initialHistory({ instance: this.instance, ...(shard !== undefined && { shard }) });
    const ended$ = topology$.pipe(ignoreElements(), endWith(undefined));
    const happened$ = merge(
      topology$.pipe(map((topology): HistoryEvent => ({ kind: 'topology', topology, at: monotonicMs() }))),
      events$.pipe(takeUntil(ended$)),
    );
    happened$.subscribe((event) => {
      const before = state;
      state = foldHistory(before, event);
      if (state.latest !== before.latest && state.latest !== undefined) {
        state.news.forEach((record) => this.keep(record));
        this.keep(state.latest.record);
      }
      state.news.forEach((record) => this.news$.next(record));
      if (state.completed !== undefined) {
        tell?.(describeCompletion(state.completed));
      }
    });
  }

  close(): void {
    this.news$.complete();
  }

  private keep(record: FailoverRecord): void {
    this.records.set(`${record.generation} ${record.shard ?? ''}`, record);
    if (this.records.size > MAX_RECORDS) {
      const [oldest] = this.records.keys();
      this.records.delete(oldest ?? '');
    }
  }
}
