import {
  defer,
  exhaustMap,
  interval,
  map,
  merge,
  of,
  share,
  startWith,
  throttleTime,
  timer,
  type Observable,
} from 'rxjs';
import { monotonicScheduler } from '../clock/clock.js';
import type { Instance } from '../nest/find-instance.js';
import { readFailovers, readState, type InstanceState, type ShownFailover } from './dashboard-state.js';
import { measure, type Sample } from './measure.js';

/** What the page is told. */
export type Update =
  | { readonly kind: 'state'; readonly state: InstanceState }
  | { readonly kind: 'failovers'; readonly failovers: readonly ShownFailover[] }
  /** The first has all that is kept. */
  | { readonly kind: 'samples'; readonly samples: readonly Sample[] };

/** A page that hears nothing for a few of these knows that the app or its stream is gone. */
const BEAT_MS = 1000;
/** During a failover every probe can change the topology; nobody can follow updates faster than this. */
const GAP_MS = 100;
/** Five minutes. */
const MOST_SAMPLES = 300;

/** Measures one instance while somebody watches it; all who watch share the measurements. */
export class InstanceMonitor {
  readonly #instance: Instance;
  readonly #measured$: Observable<Sample>;
  #samples: readonly Sample[] = [];

  constructor(instance: Instance) {
    this.#instance = instance;
    this.#measured$ = timer(0, BEAT_MS, monotonicScheduler).pipe(
      exhaustMap(() => this.#measure()),
      share(),
    );
  }

  /** All that the page shows, at once. */
  get current(): Record<'state' | 'failovers' | 'samples', unknown> {
    return {
      state: readState(this.#instance),
      failovers: readFailovers(this.#instance),
      samples: this.#samples,
    };
  }

  /** Begins with all that is known. Never completes. */
  watch(): Observable<Update> {
    const { topology$, failovers } = this.#instance;
    const changes$ = merge<[unknown, unknown]>(topology$, interval(BEAT_MS, monotonicScheduler));
    const kept$ = defer(() => of(this.#samples));
    return merge(
      changes$.pipe(
        inTurn(),
        map((): Update => ({ kind: 'state', state: readState(this.#instance) })),
      ),
      failovers.failovers$.pipe(
        startWith(undefined),
        inTurn(),
        map((): Update => ({ kind: 'failovers', failovers: readFailovers(this.#instance) })),
      ),
      merge(kept$, this.#measured$.pipe(map((sample) => [sample]))).pipe(
        map((samples): Update => ({ kind: 'samples', samples })),
      ),
    );
  }

  async #measure(): Promise<Sample> {
    const sample = await measure(this.#instance);
    this.#samples = [...this.#samples, sample].slice(-MOST_SAMPLES);
    return sample;
  }
}

function inTurn() {
  return throttleTime<unknown>(GAP_MS, monotonicScheduler, { leading: true, trailing: true });
}
