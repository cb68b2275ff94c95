import {
  BehaviorSubject,
  catchError,
  defer,
  distinctUntilChanged,
  EMPTY,
  map,
  race,
  repeat,
  Subscription,
  switchMap,
  tap,
  timer,
  type Observable,
  type Observer,
} from 'rxjs';
import type { SourceNode } from '../sources/node-source.js';
import { sameValue } from '../stream/same-value.js';
import type { TopologyStream } from '../stream/topology-stream.js';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import { line } from '../topology/log-line.js';
import { initialResolution } from '../topology/resolve-topology.js';
import { findNode, masterOf, type Topology } from '../topology/topology.js';
import type { ClusterStreamOptions } from './cluster-stream.js';
import { describeCluster, unknownCluster, type ClusterTopology } from './cluster-topology.js';
import { nextShards, type Shard } from './shards.js';

/** A shard and the stream that follows it. */
export interface LiveShard {
  readonly shard: Shard;
  readonly stream: TopologyStream;
}

export interface ClusterState {
  readonly shards: readonly LiveShard[];
  readonly topology: ClusterTopology;
}

interface Followed {
  readonly shard$: BehaviorSubject<Shard>;
  readonly stream: TopologyStream;
  subscription: Subscription | undefined;
  topology: Topology | undefined;
}

interface LoopOptions extends ClusterStreamOptions {
  readonly requests$: Observable<Endpoint | undefined>;
}

/** Learns the shards from the nodes, and follows each with a stream of its own. */
export class ClusterLoop {
  readonly #options: LoopOptions;
  readonly #followed = new Map<string, Followed>();
  readonly #leaving = new Set<Followed>();
  readonly #running = new Subscription(() =>
    [...this.#followed.values(), ...this.#leaving].forEach(stopFollowing),
  );
  #seeds: readonly Endpoint[] = [];
  #shards: readonly LiveShard[] = [];
  #wanted: Endpoint | undefined;
  #isRequested = false;
  #askedAt = -Infinity;
  /** Begins at random, so that the apps of a fleet do not all ask the same node. */
  #turn: number;
  /** How many nodes could not be asked, one after the other. */
  #failures = 0;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#turn = Math.floor(options.random() * 1000);
  }

  /** Must be called only once. Ends when the subscription is unsubscribed. */
  run(states: Pick<Observer<ClusterState>, 'next'>): Subscription {
    const { seeds$, requests$ } = this.#options;
    const running = this.#running;
    running.add(
      requests$.subscribe((endpoint) => {
        this.#isRequested = true;
        this.#wanted = endpoint ?? this.#wanted;
      }),
    );
    const rounds$ = defer(() => this.#ask(states)).pipe(repeat({ delay: () => this.#nextRound() }));
    running.add(
      seeds$
        .pipe(
          tap((seeds) => (this.#seeds = seeds)),
          switchMap(() => rounds$),
        )
        .subscribe(),
    );
    return running;
  }

  #ask(states: Pick<Observer<ClusterState>, 'next'>): Observable<unknown> {
    const { ask, scheduler, notify } = this.#options;
    const endpoint = this.#choose();
    this.#isRequested = false;
    this.#askedAt = scheduler.now();
    if (endpoint === undefined) {
      return EMPTY;
    }
    return ask(endpoint).pipe(
      tap((view) => {
        this.#failures = 0;
        this.#adopt(
          nextShards(
            this.#shards.map(({ shard }) => shard),
            view,
          ),
          states,
        );
      }),
      catchError((error: unknown) => {
        this.#failures += 1;
        const reason = error instanceof Error ? error.message : String(error);
        notify(
          line`${{ node: formatEndpoint(endpoint) }} did not tell the slots of the cluster: ${{ reason }}`,
          'RR504',
        );
        return EMPTY;
      }),
    );
  }

  /** The masters in turn, because only they tell which slots migrate; if one does not answer, any other node. */
  #choose(): Endpoint | undefined {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted !== undefined) {
      return wanted;
    }
    const masters = [...this.#followed.values()].flatMap(({ topology }) => {
      const master = topology && findNode(topology, masterOf(topology) ?? '');
      return master?.reachable === true ? [master.address] : [];
    });
    const members = this.#shards.flatMap(({ shard }) => shard.members.map(({ endpoint }) => endpoint));
    const all =
      this.#failures === 0 && masters.length > 0 ? masters : [...masters, ...this.#seeds, ...members];
    this.#turn += 1;
    return all[this.#turn % Math.max(1, all.length)];
  }

  #nextRound(): Observable<unknown> {
    const { scheduler, requests$, pollIntervalMs, random } = this.#options;
    const soonMs = Math.max(0, this.#askedAt + LEAST_GAP_MS - scheduler.now());
    const soon$ = timer(soonMs, scheduler);
    if (this.#isRequested || (this.#failures > 0 && this.#failures <= this.#known)) {
      return soon$;
    }
    const gapMs = this.#failures > 0 ? RETRY_MS : pollIntervalMs * (1.8 + 0.4 * random());
    return race(timer(gapMs, scheduler), requests$.pipe(switchMap(() => timer(soonMs, scheduler))));
  }

  get #known(): number {
    return this.#shards.reduce((sum, { shard }) => sum + shard.members.length, this.#seeds.length);
  }

  #adopt(shards: readonly Shard[], states: Pick<Observer<ClusterState>, 'next'>): void {
    if (
      sameValue(
        this.#shards.map(({ shard }) => shard),
        shards,
      )
    ) {
      return;
    }
    const gone = [...this.#followed].filter(([id]) => shards.every((shard) => shard.id !== id));
    gone.forEach(([id]) => this.#followed.delete(id));
    this.#shards = shards.map((shard) => ({ shard, stream: this.#follow(shard) }));
    const publish = () => states.next({ shards: this.#shards, topology: this.#describe() });
    publish();
    gone.forEach(([, followed]) => this.#leave(followed));
    for (const followed of this.#followed.values()) {
      followed.subscription ??= followed.stream.topology$.subscribe((topology) => {
        followed.topology = topology;
        publish();
      });
    }
    this.#options.keep([
      ...this.#seeds,
      ...shards.flatMap(({ members }) => members.map((each) => each.endpoint)),
    ]);
  }

  /** Only later, so that commands which wait for a shard that is gone go to another, and those under way are answered. */
  #leave(followed: Followed): void {
    this.#leaving.add(followed);
    const timer$ = timer(LEAVING_MS, this.#options.scheduler);
    this.#running.add(
      timer$.subscribe(() => {
        this.#leaving.delete(followed);
        stopFollowing(followed);
      }),
    );
  }

  #follow(shard: Shard): TopologyStream {
    const known = this.#followed.get(shard.id);
    if (known !== undefined) {
      const isNewMaster = masterIn(known.shard$.value) !== masterIn(shard);
      known.shard$.next(shard);
      if (isNewMaster) {
        known.stream.emit('requested');
      }
      return known.stream;
    }
    const shard$ = new BehaviorSubject(shard);
    const source = () =>
      shard$.pipe(
        map(({ members }) => members.map(toSourceNode)),
        distinctUntilChanged<readonly SourceNode[]>(sameValue),
      );
    const stream = this.#options.follow(shard.id, source);
    this.#followed.set(shard.id, { shard$, stream, subscription: undefined, topology: undefined });
    return stream;
  }

  #describe(): ClusterTopology {
    const shards = this.#shards.map(({ shard: { id, slots, migrating } }) => ({
      id,
      slots,
      migratingSlots: migrating,
      topology: this.#followed.get(id)?.topology ?? initialResolution(0).topology,
    }));
    return shards.length === 0 ? unknownCluster : describeCluster(shards);
  }
}

/** Many redirections may ask for the slots at once, as when many slots move. */
const LEAST_GAP_MS = 20;
const RETRY_MS = 250;
const LEAVING_MS = 1000;

function masterIn({ members }: Shard): string | undefined {
  return members.find(({ isMaster }) => isMaster)?.id;
}

/** The cluster's own view settles only what the nodes leave open, so it may lag. */
function toSourceNode({ endpoint, isMaster }: Shard['members'][number]): SourceNode {
  return { ...endpoint, ...(isMaster && { intended: 'master' as const }) };
}

function stopFollowing({ subscription, stream }: Followed): void {
  subscription?.unsubscribe();
  stream.close();
}
