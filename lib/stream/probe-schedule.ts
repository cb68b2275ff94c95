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
import type { Crowd } from '../fleet/fleet-size.js';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import type { Observation } from '../topology/observation.js';
import type { Signal } from '../topology/signal.js';
import { calm, delayAfter, isNews, nextGapMs, type Cadence, type Pace } from './pace.js';

interface LookoutOptions {
  readonly endpoint: Endpoint;
  readonly signals$: Observable<Signal>;
  readonly cadence: Cadence;
  readonly pace: () => Pace;
  /** The first sweep has ended: nobody need look as soon as it meant to. */
  readonly calmed$: Observable<unknown>;
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
}

/** When one node is looked at next: in its turn, or as soon as a signal wants it. */
export class Lookout {
  /** How many apps watch the node. */
  crowd: Crowd = { kind: 'unknown' };
  readonly #options: LookoutOptions;
  readonly #listening: Subscription;
  /** When signals want the next look. */
  #wantedAt = Infinity;
  #state: 'looking' | 'waiting' = 'looking';
  /** When the node itself gave a signal last. */
  #calledAt = -Infinity;

  constructor(options: LookoutOptions) {
    this.#options = options;
    this.#listening = options.signals$.subscribe((signal) => this.#note(signal));
  }

  /** A look begins. */
  begin(): void {
    this.#state = 'looking';
    this.#wantedAt = Infinity;
  }

  /** Emits when the next look is due. A node that could not be reached just now is given its time. */
  next(last: Observation): Observable<unknown> {
    const { signals$, calmed$, cadence, pace, scheduler, random } = this.#options;
    const now = scheduler.now();
    const moment = { last, crowd: this.crowd, now, random: random() };
    const turnIn = (paceThen: Pace) => now + nextGapMs(paceThen, cadence, moment);
    this.#state = 'waiting';
    this.#wantedAt = last.kind === 'faulty' ? Infinity : this.#wantedAt;
    const turnAt$ = calmed$.pipe(
      map(() => turnIn(calm)),
      startWith(turnIn(pace())),
    );
    return combineLatest([turnAt$, signals$.pipe(startWith(undefined))]).pipe(
      map(([turnAt]) => (this.#waitsForOthers() ? this.#wantedAt : Math.min(turnAt, this.#wantedAt))),
      distinctUntilChanged(),
      switchMap((at) => (at <= scheduler.now() ? of(at) : timer(at - scheduler.now(), scheduler))),
      take(1),
    );
  }

  /**
   * Whether to tell others what was found at this node. Where it has just called all who watch it, they find the same at
   * the same moment, and one is enough.
   */
  speaksUp(): boolean {
    const { scheduler, random } = this.#options;
    const isCalled = scheduler.now() - this.#calledAt < CALL_MS;
    return !isCalled || this.crowd.kind !== 'counted' || random() * this.crowd.size < 1;
  }

  /** Where in the fleet this app comes, by chance, in milliseconds; at once where it is alone. */
  spreadMs(): number {
    const others = this.crowd.kind === 'unknown' ? 0 : this.crowd.size - 1;
    return Math.min(others * this.#options.cadence.sweepGapMs, MOST_SPREAD_MS) * this.#options.random();
  }

  close(): void {
    this.#listening.unsubscribe();
  }

  /** In a fleet without a master a poll that was due anyway gives way to the place that was drawn. */
  #waitsForOthers(): boolean {
    const pace = this.#options.pace();
    const isSeeking = pace.kind === 'sweeping' && pace.master === 'sought';
    return isSeeking && this.crowd.kind === 'counted' && this.#wantedAt !== Infinity;
  }

  #note(signal: Signal): void {
    const { endpoint, scheduler, random, cadence } = this.#options;
    const { crowd } = this;
    if (signal.endpoint === formatEndpoint(endpoint) && !isNews(signal)) {
      this.#calledAt = signal.at;
    }
    // Else the look under way will do; but whoever is told or asks wants what is seen from now on.
    if (this.#state === 'waiting' || isNews(signal)) {
      const delayMs = delayAfter(signal, { endpoint, crowd, random: random() }, cadence);
      // A place in the rounds is drawn once, or more signals would bring all apps forward.
      if (delayMs === 0 || this.#wantedAt === Infinity) {
        this.#wantedAt = Math.min(this.#wantedAt, scheduler.now() + delayMs);
      }
    }
  }
}

const MOST_SPREAD_MS = 1000;
/** How long a fleet may take to answer the call of a node. */
const CALL_MS = 250;
