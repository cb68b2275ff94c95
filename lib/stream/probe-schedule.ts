import {
  combineLatest,
  distinctUntilChanged,
  map,
  of,
  startWith,
  Subscription,
  switchMap,
  take,
  timer,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import type { NodeFleet } from '../fleet/node-fleet.js';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import type { Observation } from '../topology/observation.js';
import type { Signal } from '../topology/signal.js';
import { calm, nextGapMs, outdatesProbe, type Cadence, type Pace } from './pace.js';

interface ProbeScheduleOptions {
  readonly endpoint: Endpoint;
  readonly fleet: NodeFleet;
  readonly signals$: Observable<Signal>;
  readonly cadence: Cadence;
  readonly pace: () => Pace;
  /** Emits when the first sweep has ended, so that probes scheduled during it are put off to their turn in calm. */
  readonly calmed$: Observable<unknown>;
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
}

/** When one node is probed next: in its turn, or as soon as a signal requires it. */
export class ProbeSchedule {
  readonly #options: ProbeScheduleOptions;
  readonly #subscription: Subscription;
  /** When signals require the next probe. */
  #requiredAt = Infinity;
  #begunAt = -Infinity;
  #state: 'probing' | 'waiting' = 'probing';

  constructor(options: ProbeScheduleOptions) {
    this.#options = options;
    this.#subscription = options.signals$.subscribe((signal) => this.#onSignal(signal));
  }

  /** Must be called when a probe begins: it answers the signals so far. */
  begin(): void {
    this.#state = 'probing';
    this.#requiredAt = Infinity;
    this.#begunAt = this.#options.scheduler.now();
  }

  /** Emits when the next probe is due. A signal does not bring forward the next dial of an unreachable node. */
  next(last: Observation): Observable<unknown> {
    const { signals$, calmed$, cadence, pace, scheduler, random, fleet } = this.#options;
    const now = scheduler.now();
    const moment = { last, fleetSize: fleet.size, now, random: random() };
    const isTurnOfCalm = !isSeeking(pace());
    const turnIn = (paceThen: Pace) => now + nextGapMs(paceThen, cadence, moment);
    this.#state = 'waiting';
    this.#requiredAt = last.kind === 'faulty' ? Infinity : this.#requiredAt;
    const turnAt$ = calmed$.pipe(
      map(() => turnIn(calm)),
      startWith(turnIn(pace())),
    );
    return combineLatest([turnAt$, signals$.pipe(startWith(undefined))]).pipe(
      map(([turnAt]) =>
        isTurnOfCalm && this.#isTurnReplaced() ? this.#requiredAt : Math.min(turnAt, this.#requiredAt),
      ),
      distinctUntilChanged(),
      switchMap((at) => (at <= scheduler.now() ? of(at) : timer(at - scheduler.now(), scheduler))),
      take(1),
    );
  }

  close(): void {
    this.#subscription.unsubscribe();
  }

  /** In a fleet without a master, the turn that was drawn after a signal replaces the turn that was due in calm. */
  #isTurnReplaced(): boolean {
    const { pace, fleet } = this.#options;
    return isSeeking(pace()) && fleet.size.kind === 'counted' && this.#requiredAt !== Infinity;
  }

  #onSignal(signal: Signal): void {
    const { endpoint, scheduler, fleet } = this.#options;
    if (signal.endpoint === formatEndpoint(endpoint) && !outdatesProbe(signal)) {
      fleet.noteOwnSignal(signal);
    }
    // A probe under way answers most signals, but not an announcement or a request, which are about what follows them.
    if (this.#state === 'waiting' || outdatesProbe(signal)) {
      const delayMs = fleet.delayAfter(signal, this.#begunAt);
      // A turn is drawn once: drawing again at each signal would bring all apps forward.
      if (delayMs === 0 || this.#requiredAt === Infinity) {
        this.#requiredAt = Math.min(this.#requiredAt, scheduler.now() + delayMs);
      }
    }
  }
}

function isSeeking(pace: Pace): boolean {
  return pace.kind === 'sweeping' && pace.master === 'sought';
}
