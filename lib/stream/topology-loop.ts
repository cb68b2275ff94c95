import {
  defer,
  distinctUntilChanged,
  map,
  finalize,
  BehaviorSubject,
  Subject,
  Subscription,
  tap,
  type Observable,
  type Observer,
  type SchedulerLike,
} from 'rxjs';
import type { NodeSource, SourceContext, SourceNode } from '../sources/node-source.js';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import { isRelated } from '../topology/is-related.js';
import type { NodeReport, Observation } from '../topology/observation.js';
import {
  initialResolution,
  resolveTopology,
  type Circumstances,
  type Resolution,
} from '../topology/resolve-topology.js';
import type { Signal, SignalKind } from '../topology/signal.js';
import { masterOf } from '../topology/topology.js';
import { forEachNode, isReachedAlike } from '../sources/for-each-node.js';
import { Gossip } from '../fleet/gossip.js';
import { NodeFleet } from '../fleet/node-fleet.js';
import type { StreamActivity } from './activity.js';
import { whenToRedial } from './when-to-redial.js';
import { keepTrying } from '../sources/keep-trying.js';
import { ProbeSchedule } from './probe-schedule.js';
import { factsOf, toEndpoint, type ListedFacts } from './listed-facts.js';
import type { NodeObserver } from './node-observer.js';
import { firstPace, onResolution, onSignal, type Cadence, type Pace } from './pace.js';
import type { LogCode } from '../topology/log-code.js';
import { line, type LogLine } from '../topology/log-line.js';

export interface LoopOptions {
  readonly source: NodeSource;
  readonly observe: (observer: NodeObserver) => Observable<Observation>;
  readonly cadence: Cadence;
  /** How long the only claimant waits before it is accepted without proof, in milliseconds; `Infinity`: for ever. */
  readonly acceptAfterMs: number;
  /** What to add to a time of the scheduler to get the time since the epoch, in milliseconds. */
  readonly epochOffsetMs: () => number;
  /** Reports something that an operator should know about the source. */
  readonly notify: (told: LogLine, code: LogCode) => void;
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
  /** What the source may know of how the app connects, and where it tells operators of a state that lasts. */
  readonly security?: SourceContext['security'];
  readonly notices?: SourceContext['notices'];
  /** The option `redis.family`. */
  readonly family?: number | undefined;
  readonly signals$: Observable<Signal>;
  readonly emit: (kind: SignalKind, endpoint?: string) => void;
  /** Receives each observation, after the resolution that follows from it. */
  readonly observed$: Subject<Observation>;
  readonly activity: StreamActivity;
}

/** Observes the nodes that the source lists and folds each observation into the next resolution. */
export class TopologyLoop {
  readonly #options: LoopOptions;
  readonly #gossip: Gossip;
  readonly #calmed$ = new Subject<void>();
  readonly #seeking$ = new BehaviorSubject(true);
  #state: State;
  #pace: Pace;

  constructor(options: LoopOptions) {
    const now = () => options.scheduler.now();
    this.#options = options;
    this.#state = initialState(Math.round(now() + options.epochOffsetMs()));
    this.#pace = firstPace(now(), options.cadence);
    this.#gossip = new Gossip(options.scheduler);
  }

  /** Must be called only once. Ends when the subscription is unsubscribed. */
  run(resolutions: Pick<Observer<Resolution>, 'next'>): Subscription {
    const { source, notify, cadence, ...context } = this.#options;
    const fold = (observations: State['observations']) => this.#fold(observations, resolutions);
    const probe = () => context.emit('source event');
    const running = new Subscription();
    // First, so that all other subscribers to signals already find the new pace.
    running.add(
      context.signals$.subscribe((signal) => {
        if (this.#pace.kind === 'calm') {
          context.activity.swept(signal.kind);
        }
        this.#pace = onSignal(this.#pace, signal, cadence);
      }),
    );
    const observations$ = keepTrying(
      source,
      { ...context, observations$: context.observed$, seeking$: this.#isSeeking$, probe },
      (reason) => notify(line`the source of nodes failed: ${{ reason }}`, 'RR302'),
    ).pipe(
      map((nodes) => this.#list(nodes)),
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

  /** Keeps apart what the source knows of a node and where the node is. */
  #list(nodes: readonly SourceNode[]): readonly Endpoint[] {
    this.#state = { ...this.#state, facts: factsOf(nodes) };
    return nodes.map(toEndpoint);
  }

  get #circumstances(): Circumstances {
    const { acceptAfterMs, epochOffsetMs } = this.#options;
    return { ...this.#state.facts, acceptAfterMs, epochMs: epochOffsetMs() };
  }

  get #isSeeking$(): Observable<boolean> {
    return this.#seeking$.pipe(distinctUntilChanged());
  }

  get #now(): number {
    return this.#options.scheduler.now();
  }

  #fold(observations: State['observations'], resolutions: Pick<Observer<Resolution>, 'next'>): void {
    const [before, paceBefore] = [this.#state.resolution, this.#pace];
    const resolution = resolveTopology(before, [...observations.values()], this.#circumstances);
    const master = masterOf(resolution.topology);
    this.#state = { ...this.#state, observations, resolution };
    this.#pace = onResolution(this.#pace, resolution, [...observations.values()]);
    resolutions.next(resolution);
    this.#seeking$.next(master === undefined);
    this.#gossip.resolved(before, resolution, () => this.#isChosenToAnnounce(master));
    const isLost = masterOf(before.topology) !== undefined && master === undefined;
    if (isLost || (this.#pace.kind === 'calm' && master === undefined)) {
      // The probes that were scheduled while there was a master would come too late, and if a poll detected the loss,
      // no signal has begun a sweep yet.
      this.#options.emit('poll');
    } else if (
      this.#pace.kind === 'calm' &&
      paceBefore.kind === 'sweeping' &&
      paceBefore.signal.kind === 'start'
    ) {
      this.#calmed$.next();
    }
  }

  /** Whether a node has a history that a vetted node knows. */
  readonly #isOfGroup = (report: NodeReport): boolean => {
    const { observations, facts, resolution } = this.#state;
    const vetted = [...observations.values()]
      .filter((each) => !facts.unvetted.has(formatEndpoint(each.endpoint)))
      .flatMap((each) => (each.kind === 'answered' ? each.report : []));
    return isRelated(report, vetted, resolution);
  };

  #isChosenToAnnounce(master: string | undefined): boolean {
    return this.#options.activity.fleets.get(master ?? '')?.isChosenToAnnounce() === true;
  }

  #watch(endpoint: Endpoint): Observable<Observation> {
    const name = formatEndpoint(endpoint);
    return defer(() => {
      const { random, cadence, emit } = this.#options;
      const sharing = { gapMs: cadence.sweepGapMs, maxGapMs: cadence.sweepGapMaxMs };
      const fleet = new NodeFleet({ endpoint, gossip: this.#gossip, sharing, now: () => this.#now, random });
      const schedule = new ProbeSchedule({
        ...this.#options,
        endpoint,
        fleet,
        pace: () => this.#pace,
        calmed$: this.#calmed$,
      });
      const news = fleet.news$.subscribe(() => emit('announced', name));
      this.#options.activity.fleets.set(name, fleet);
      return this.#options.observe(this.#observer({ endpoint, fleet, schedule })).pipe(
        finalize(() => {
          news.unsubscribe();
          schedule.close();
          this.#options.activity.fleets.delete(name);
        }),
      );
    });
  }

  #observer({ endpoint, fleet, schedule }: WatchedNode): NodeObserver {
    return {
      endpoint,
      fleet,
      beginProbe: () => {
        schedule.begin();
        return this.#pace.kind === 'sweeping' ? this.#pace.signal : { kind: 'poll', at: this.#now };
      },
      nextProbe: (last) => schedule.next(last),
      vetting: () => (this.#state.facts.unvetted.has(formatEndpoint(endpoint)) ? this.#isOfGroup : undefined),
      redial$: whenToRedial({ ...this.#options, endpoint, seeking$: this.#isSeeking$, fleet }),
      emit: (kind, from) => this.#options.emit(kind, formatEndpoint(from)),
    };
  }
}

interface WatchedNode {
  readonly endpoint: Endpoint;
  readonly fleet: NodeFleet;
  readonly schedule: ProbeSchedule;
}

interface State {
  readonly facts: ListedFacts;
  readonly observations: ReadonlyMap<string, Observation>;
  readonly resolution: Resolution;
}

function initialState(at: number): State {
  return {
    facts: factsOf([]),
    observations: new Map(),
    resolution: initialResolution(at),
  };
}

/**
 * The observations of the nodes in the list: nodes that left are dropped, new ones are pending. What was observed stands
 * although the node is to be reached with TLS from now on.
 */
function withNodes(
  observations: ReadonlyMap<string, Observation>,
  endpoints: readonly Endpoint[],
  now: number,
): ReadonlyMap<string, Observation> {
  return new Map(
    endpoints.map((endpoint) => {
      const name = formatEndpoint(endpoint);
      const pending: Observation = { kind: 'pending', endpoint, at: now, signal: { kind: 'start', at: now } };
      const known = observations.get(name) ?? pending;
      return [name, isReachedAlike(known.endpoint, endpoint) ? known : { ...known, endpoint }] as const;
    }),
  );
}
