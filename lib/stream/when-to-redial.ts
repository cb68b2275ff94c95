import {
  delayWhen,
  merge,
  NEVER,
  switchMap,
  throttleTime,
  timer,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import type { NodeFleet } from '../fleet/node-fleet.js';
import type { Signal } from '../topology/signal.js';

const REDIAL_MS = 1000;
/** Most failovers are over by then, and need no connection but those that there are. */
const PATIENCE_MS = 50;
const MIN_GAP_MS = 250;

interface RedialOptions {
  readonly seeking$: Observable<boolean>;
  readonly signals$: Observable<Signal>;
  readonly fleet: NodeFleet;
  readonly scheduler: SchedulerLike;
}

/**
 * Emits when a node that reports `replica` is to be dialled anew: while no master is known, once a second and after each
 * signal. The name or address of the node may lead to another server by now, although the connection to the old one is
 * still open.
 */
export function whenToRedial({ seeking$, signals$, fleet, scheduler }: RedialOptions): Observable<unknown> {
  const signalled$ = signals$.pipe(throttleTime(MIN_GAP_MS, scheduler, { leading: true, trailing: true }));
  return seeking$.pipe(
    switchMap((isSeeking) =>
      isSeeking
        ? merge(timer(REDIAL_MS, REDIAL_MS, scheduler), signalled$).pipe(
            delayWhen(() => timer(PATIENCE_MS + fleet.spreadMs(), scheduler)),
          )
        : NEVER,
    ),
  );
}
