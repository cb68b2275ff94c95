import {
  defer,
  finalize,
  Subject,
  Subscription,
  tap,
  type Observable,
  type Observer,
  type SchedulerLike,
} from 'rxjs';
import type { NodeSource } from '../sources/node-source.js';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import type { Observation } from '../topology/observation.js';
import { initialResolution, resolveTopology, type Resolution } from '../topology/resolve-topology.js';
import type { Signal, SignalKind } from '../topology/signal.js';
import { masterOf } from '../topology/topology.js';
import { forEachNode } from './for-each-node.js';
import { Grapevine } from '../fleet/gossip.js';
import { keepTrying } from './keep-trying.js';
import { Lookout } from './probe-schedule.js';
import type { NodeObserver } from './node-observer.js';
import { firstPace, onSignal, onTopology, type Cadence, type Pace } from './pace.js';

export interface LoopOptions {
  readonly source: NodeSource;
  readonly observe: (observer: NodeObserver) => Observable<Observation>;
  readonly cadence: Cadence;
  /** Something an operator should know of the source. */
  readonly notify: (text: string) => void;
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
  readonly signals$: Observable<Signal>;
  readonly emit: (kind: SignalKind, endpoint?: string) => void;
  /** Gets each observation, after the resolution that follows from it. */
  readonly observed$: Subject<Observation>;
}

/** Sources tell observers where to look, signals when; what these see is folded, one observation after the other. */
export class TopologyLoop {
  readonly #options: LoopOptions;
  readonly #lookouts = new Map<string, Lookout>();
  readonly #grapevine: Grapevine;
  readonly #calmed$ = new Subject<void>();
  #state: State;
  #pace: Pace;

  constructor(options: LoopOptions) {
    const now = () => options.scheduler.now();
    this.#options = options;
    this.#state = initialState(now());
    this.#pace = firstPace(now(), options.cadence);
    this.#grapevine = new Grapevine({ now, look: (endpoint) => options.emit('announced', endpoint) });
  }

  /** To be called once; ends with the subscription. */
  run(resolutions: Pick<Observer<Resolution>, 'next'>): Subscription {
    const { source, notify, cadence, ...context } = this.#options;
    const fold = (observations: State['observations']) => this.#fold(observations, resolutions);
    const running = new Subscription();
    // The pace changes before anyone who waits for a signal wakes and asks for it.
    running.add(
      context.signals$.subscribe((signal) => {
        this.#pace = onSignal(this.#pace, signal, cadence);
      }),
    );
    const observations$ = keepTrying(source, { ...context, observations$: context.observed$ }, notify).pipe(
      tap((endpoints) => fold(withNodes(this.#state.observations, endpoints, this.#now))),
      forEachNode((endpoint) => this.#watch(endpoint)),
    );
    running.add(
      observations$.subscribe((observation) => {
        const name = formatEndpoint(observation.endpoint);
        fold(new Map(this.#state.observations).set(name, observation));
        context.observed$.next(observation);
      }),
    );
    return running;
  }

  get #now(): number {
    return this.#options.scheduler.now();
  }

  #fold(observations: State['observations'], resolutions: Pick<Observer<Resolution>, 'next'>): void {
    const [before, paceBefore] = [this.#state.resolution, this.#pace];
    const resolution = resolveTopology(before, [...observations.values()]);
    const master = masterOf(resolution.topology);
    this.#state = { observations, resolution };
    this.#pace = onTopology(this.#pace, resolution.topology, [...observations.values()]);
    resolutions.next(resolution);
    this.#grapevine.find(before, resolution, () => this.#lookouts.get(master ?? '')?.speaksUp() === true);
    const isLost = masterOf(before.topology) !== undefined && master === undefined;
    if (isLost || (this.#pace.kind === 'calm' && master === undefined)) {
      // Whoever looked while there still was a master waits for too long; and where only a poll saw it go, no signal has
      // said that there is something to look for.
      this.#options.emit('poll');
    } else if (
      this.#pace.kind === 'calm' &&
      paceBefore.kind === 'sweeping' &&
      paceBefore.signal.kind === 'start'
    ) {
      this.#calmed$.next();
    }
  }

  #watch(endpoint: Endpoint): Observable<Observation> {
    const name = formatEndpoint(endpoint);
    return defer(() => {
      const lookout = new Lookout({
        ...this.#options,
        endpoint,
        pace: () => this.#pace,
        calmed$: this.#calmed$,
      });
      this.#lookouts.set(name, lookout);
      return this.#options.observe(this.#observer(endpoint, lookout)).pipe(
        finalize(() => {
          lookout.close();
          this.#lookouts.delete(name);
        }),
      );
    });
  }

  #observer(endpoint: Endpoint, lookout: Lookout): NodeObserver {
    return {
      endpoint,
      beginLook: () => {
        lookout.begin();
        return this.#pace.kind === 'sweeping' ? this.#pace.signal : { kind: 'poll', at: this.#now };
      },
      nextLook: (last) => lookout.next(last),
      emit: (kind, from) => this.#options.emit(kind, formatEndpoint(from)),
      spreadMs: () => lookout.spreadMs(),
      counted: (crowd) => (lookout.crowd = crowd),
      heard: (news) => this.#grapevine.hear(news, formatEndpoint(endpoint), this.#state.resolution),
      announce$: this.#grapevine.on(formatEndpoint(endpoint)),
    };
  }
}

interface State {
  readonly observations: ReadonlyMap<string, Observation>;
  readonly resolution: Resolution;
}

function initialState(at: number): State {
  return { observations: new Map(), resolution: initialResolution(at) };
}

/** The observations of the nodes in the list: nodes that left are dropped, new ones are pending. */
function withNodes(
  observations: ReadonlyMap<string, Observation>,
  endpoints: readonly Endpoint[],
  now: number,
): ReadonlyMap<string, Observation> {
  return new Map(
    endpoints.map((endpoint) => {
      const name = formatEndpoint(endpoint);
      const pending: Observation = { kind: 'pending', endpoint, at: now, signal: { kind: 'start', at: now } };
      return [name, observations.get(name) ?? pending] as const;
    }),
  );
}
