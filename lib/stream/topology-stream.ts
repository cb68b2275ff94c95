import {
  distinctUntilChanged,
  map,
  Observable,
  ReplaySubject,
  share,
  Subject,
  takeUntil,
  type SchedulerLike,
} from 'rxjs';
import { epochOffsetMs, monotonicScheduler } from '../clock/clock.js';
import type { Observation } from '../topology/observation.js';
import type { Resolution } from '../topology/resolve-topology.js';
import type { Signal, SignalKind } from '../topology/signal.js';
import type { Topology } from '../topology/topology.js';
import { StreamActivity, type Activity } from './activity.js';
import { sameValue } from './same-value.js';
import { TopologyLoop, type LoopOptions } from './topology-loop.js';

export interface TopologyStreamOptions extends Pick<
  LoopOptions,
  'source' | 'observe' | 'cadence' | 'notify' | 'security' | 'notices' | 'family'
> {
  readonly scheduler?: SchedulerLike;
  readonly random?: () => number;
  /** Default 30 000. */
  readonly acceptAfterMs?: number;
  readonly epochOffsetMs?: () => number;
}

/** The topology as it changes, and the way to request that it is checked again. */
export interface TopologyStream {
  /** Replays the latest, never errors, completes when closed. Probing begins with the first subscriber. */
  readonly topology$: Observable<Topology>;
  /** Each observation, after it has been taken into account in `topology$`. */
  readonly observed$: Observable<Observation>;
  readonly emit: (kind: SignalKind, endpoint?: string) => void;
  readonly close: () => void;
}

/** A stream that tells what it has done so far. */
export interface CountedTopologyStream extends TopologyStream {
  readonly activity: () => Activity;
}

const defaults = {
  scheduler: monotonicScheduler,
  random: () => Math.random(),
  acceptAfterMs: 30_000,
  epochOffsetMs,
};

/** The one place where the loop is closed: topology → connections → signals → observers → topology. */
export function createTopologyStream(options: TopologyStreamOptions): CountedTopologyStream {
  const context = { ...defaults, ...options };
  const { scheduler } = context;
  const closed$ = new ReplaySubject<void>(1);
  const signals$ = new Subject<Signal>();
  const observed$ = new Subject<Observation>();
  const activity = new StreamActivity();
  observed$.subscribe((observation) => activity.probed(observation));
  const emit = (kind: SignalKind, endpoint?: string) =>
    signals$.next({ kind, at: scheduler.now(), ...(endpoint !== undefined && { endpoint }) });
  const resolution$ = new Observable<Resolution>((subscriber) =>
    new TopologyLoop({ ...context, signals$, observed$, emit, activity }).run(subscriber),
  );
  const topology$ = resolution$.pipe(
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
    activity: () => activity.read(),
    close: () => closed$.next(),
  };
}
