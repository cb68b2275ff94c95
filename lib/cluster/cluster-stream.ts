import {
  distinctUntilChanged,
  map,
  Observable,
  ReplaySubject,
  share,
  Subject,
  takeUntil,
  tap,
  type SchedulerLike,
} from 'rxjs';
import type { NodeSource } from '../sources/node-source.js';
import { sameValue } from '../stream/same-value.js';
import type { TopologyStream } from '../stream/topology-stream.js';
import type { Endpoint } from '../topology/endpoint.js';
import type { SignalKind } from '../topology/signal.js';
import { ClusterLoop, type ClusterState, type LiveShard } from './cluster-loop.js';
import type { ClusterTopology } from './cluster-topology.js';
import type { ClusterView } from './cluster-view.js';
import type { LogCode } from '../topology/log-code.js';
import type { LogLine } from '../topology/log-line.js';

export interface ClusterStreamOptions {
  /** Where to ask first, and whenever no node that was learned answers. */
  readonly seeds$: Observable<readonly Endpoint[]>;
  readonly ask: (endpoint: Endpoint) => Observable<ClusterView>;
  /** Ends the connections on which all other nodes were asked. */
  readonly keep: (endpoints: readonly Endpoint[]) => void;
  /** Follows one shard, whose nodes the source lists. */
  readonly follow: (shardId: string, source: NodeSource) => TopologyStream;
  readonly pollIntervalMs: number;
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
  /** Reports something that an operator should know. */
  readonly notify: (told: LogLine, code: LogCode) => void;
}

/** The shards of a cluster as they change, each with the stream of its own topology. */
export interface ClusterStream {
  /** Both replay the latest, never error, and complete when closed. Probing begins with the first subscriber. */
  readonly topology$: Observable<ClusterTopology>;
  readonly shards$: Observable<readonly LiveShard[]>;
  /** Asks for the slots soon, that node if one is named. */
  readonly refresh: (endpoint?: Endpoint) => void;
  /** Passes a signal on to the shard of the node. */
  readonly emit: (kind: SignalKind, endpoint?: string) => void;
  readonly close: () => void;
}

export function createClusterStream(options: ClusterStreamOptions): ClusterStream {
  const closed$ = new ReplaySubject<void>(1);
  const requests$ = new Subject<Endpoint | undefined>();
  let latest: readonly LiveShard[] = [];
  const state$ = new Observable<ClusterState>((subscriber) =>
    new ClusterLoop({ ...options, requests$ }).run(subscriber),
  ).pipe(
    tap(({ shards }) => (latest = shards)),
    takeUntil(closed$),
    share({
      connector: () => new ReplaySubject<ClusterState>(1),
      resetOnRefCountZero: false,
      resetOnComplete: false,
    }),
  );
  return {
    topology$: state$.pipe(
      map(({ topology }) => topology),
      distinctUntilChanged<ClusterTopology>(sameValue),
    ),
    shards$: state$.pipe(
      map(({ shards }) => shards),
      distinctUntilChanged(),
    ),
    refresh: (endpoint) => requests$.next(endpoint),
    emit: (kind, endpoint) =>
      latest
        .filter(({ shard }) => shard.members.some(({ names }) => names.includes(endpoint ?? '')))
        .forEach(({ stream }) => stream.emit(kind, endpoint)),
    close: () => closed$.next(),
  };
}
