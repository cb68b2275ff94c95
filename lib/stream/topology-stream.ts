import {
  asyncScheduler,
  distinctUntilChanged,
  map,
  merge,
  NEVER,
  Observable,
  ReplaySubject,
  retry,
  share,
  Subject,
  take,
  takeUntil,
  tap,
  timer,
  concat,
  type SchedulerLike,
} from 'rxjs';
import type { NodeSource } from '../sources/node-source.js';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import type { Observation } from '../topology/observation.js';
import { initialResolution, resolveTopology, type Resolution } from '../topology/resolve-topology.js';
import type { Signal, SignalKind } from '../topology/signal.js';
import { masterOf, type Topology } from '../topology/topology.js';
import { sameValue } from './same-value.js';
import { forEachNode } from './for-each-node.js';
import { nextGapMs, onSignal, onTopology, type Cadence, type Pace } from './pace.js';

/** How one node is observed: what the stream gives to the layer below. */
export interface NodeObserver {
  readonly endpoint: Endpoint;
  readonly nextLook: (last: Observation) => Observable<unknown>;
  readonly whyLook: () => Signal;
  readonly emit: (kind: SignalKind, endpoint: Endpoint) => void;
}

export interface TopologyStreamOptions {
  readonly source: NodeSource;
  readonly observe: (observer: NodeObserver) => Observable<Observation>;
  readonly cadence: Cadence;
  /** Something an operator should know of the source. */
  readonly notify: (text: string) => void;
  readonly scheduler?: SchedulerLike;
  readonly random?: () => number;
}

/** The topology as it changes, and the way to say that it should be looked at again. */
export interface TopologyStream {
  /** Replays the latest, never errors, completes when closed. Looking begins with the first subscriber. */
  readonly topology$: Observable<Topology>;
  /** Each observation, after `topology$` took account of it. */
  readonly observed$: Observable<Observation>;
  readonly emit: (kind: SignalKind, endpoint?: string) => void;
  readonly close: () => void;
}

/** The one place where the loop is closed: topology → connections → signals → observers → topology. */
export function createTopologyStream(options: TopologyStreamOptions): TopologyStream {
  const { scheduler = asyncScheduler } = options;
  const closed$ = new ReplaySubject<void>(1);
  const signals$ = new Subject<Signal>();
  const observed$ = new Subject<Observation>();
  const emit = (kind: SignalKind, endpoint?: string) =>
    signals$.next({ kind, at: scheduler.now(), ...(endpoint !== undefined && { endpoint }) });
  const topology$ = resolutions(options, { scheduler, signals$, observed$, emit }).pipe(
    map(({ topology }) => topology),
    distinctUntilChanged<Topology>(sameValue),
    takeUntil(closed$),
    share({
      connector: () => new ReplaySubject<Topology>(1),
      resetOnRefCountZero: false,
      resetOnComplete: false,
    }),
  );
  return {
    topology$,
    observed$: observed$.pipe(takeUntil(closed$)),
    emit,
    close: () => closed$.next(),
  };
}

interface Loop {
  readonly scheduler: SchedulerLike;
  readonly signals$: Subject<Signal>;
  readonly observed$: Subject<Observation>;
  readonly emit: (kind: SignalKind, endpoint?: string) => void;
}

const SOURCE_RETRY_MS = 1000;

function resolutions(options: TopologyStreamOptions, loop: Loop): Observable<Resolution> {
  const { source, observe, cadence, notify, random = Math.random } = options;
  const { scheduler, signals$, observed$, emit } = loop;
  return new Observable((subscriber) => {
    let state = initialState(scheduler.now());
    let pace: Pace = {
      kind: 'sweeping',
      signal: startSignal(scheduler),
      denseUntil: scheduler.now() + cadence.denseMs,
    };
    const fold = (observations: State['observations']) => {
      state = advance(state, observations);
      pace = onTopology(pace, state.resolution.topology, [...state.observations.values()]);
      subscriber.next(state.resolution);
      if (pace.kind === 'calm' && masterOf(state.resolution.topology) === undefined) {
        // Only a poll saw the master go, so that no signal has said that there is something to look for.
        emit('poll');
      }
    };
    const observer = (endpoint: Endpoint): NodeObserver => ({
      endpoint,
      whyLook: () => (pace.kind === 'sweeping' ? pace.signal : { kind: 'poll', at: scheduler.now() }),
      nextLook: (last) => {
        const gapMs = nextGapMs(pace, cadence, { last, now: scheduler.now(), random: random() });
        return merge(timer(gapMs, scheduler), signals$).pipe(take(1));
      },
      emit: (kind, from) => emit(kind, formatEndpoint(from)),
    });
    // The pace changes before anyone who waits for a signal wakes and asks for it.
    subscriber.add(signals$.subscribe((signal) => (pace = onSignal(pace, signal, cadence))));
    const endpoints$ = keepTrying(source, { observations$: observed$, signals$, scheduler }, notify).pipe(
      tap((endpoints) => fold(withNodes(state.observations, endpoints, startSignal(scheduler)))),
    );
    subscriber.add(
      endpoints$.pipe(forEachNode((endpoint) => observe(observer(endpoint)))).subscribe((observation) => {
        fold(new Map(state.observations).set(formatEndpoint(observation.endpoint), observation));
        observed$.next(observation);
      }),
    );
  });
}

interface State {
  readonly observations: ReadonlyMap<string, Observation>;
  readonly resolution: Resolution;
}

function initialState(at: number): State {
  return { observations: new Map(), resolution: initialResolution(at) };
}

function advance({ resolution }: State, observations: State['observations']): State {
  return { observations, resolution: resolveTopology(resolution, [...observations.values()]) };
}

function startSignal(scheduler: SchedulerLike): Signal {
  return { kind: 'start', at: scheduler.now() };
}

/** The observations of the nodes in the list: nodes that left are dropped, new ones are pending. */
function withNodes(
  observations: ReadonlyMap<string, Observation>,
  endpoints: readonly Endpoint[],
  signal: Signal,
): ReadonlyMap<string, Observation> {
  return new Map(
    endpoints.map((endpoint) => {
      const name = formatEndpoint(endpoint);
      return [name, observations.get(name) ?? { kind: 'pending', endpoint, at: signal.at, signal }] as const;
    }),
  );
}

/** A source that fails is subscribed to again; one that completes has said all it has to say. */
function keepTrying(
  source: NodeSource,
  context: Parameters<NodeSource>[0],
  notify: (text: string) => void,
): Observable<readonly Endpoint[]> {
  const lists$ = new Observable<readonly Endpoint[]>((subscriber) => source(context).subscribe(subscriber));
  return concat(
    lists$.pipe(
      retry({
        delay: (error: unknown) => {
          notify(`the source of nodes failed: ${error instanceof Error ? error.message : String(error)}`);
          return timer(SOURCE_RETRY_MS, context.scheduler);
        },
      }),
    ),
    NEVER,
  );
}
