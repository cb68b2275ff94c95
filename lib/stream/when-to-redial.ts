import {
  delayWhen,
  filter,
  map,
  merge,
  NEVER,
  switchMap,
  throttleTime,
  timer,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import type { NodeFleet } from '../fleet/node-fleet.js';
import type { RedialReason } from '../observers/observer-context.js';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import type { Signal } from '../topology/signal.js';

const REDIAL_MS = 1000;
/** Most failovers are over by then, and need no connection but those that there are. */
const PATIENCE_MS = 50;
const MIN_GAP_MS = 250;

interface RedialOptions {
  readonly endpoint: Endpoint;
  readonly seeking$: Observable<boolean>;
  readonly signals$: Observable<Signal>;
  readonly fleet: NodeFleet;
  readonly scheduler: SchedulerLike;
}

/**
 * Emits when a node is to be dialled anew, because its name or address may lead to another server by now, although the
 * connection to the old one is still open:
 *
 * - while no master is known, once a second and after each signal but an announcement;
 * - when a new connection to the node has shown another role or process than the observed one, at most once a second.
 */
export function whenToRedial(options: RedialOptions): Observable<RedialReason> {
  return merge(
    whileSeeking(options).pipe(map(() => 'no master' as const)),
    onWrongRole(options).pipe(map(() => 'wrong role' as const)),
  );
}

function whileSeeking({ seeking$, signals$, fleet, scheduler }: RedialOptions): Observable<unknown> {
  const signalled$ = signals$.pipe(
    // An announcement came over the connection that there is, and whoever may publish could drive the dials. What a
    // source learns says nothing of the connections.
    filter(({ kind }) => kind !== 'announced' && kind !== 'source event'),
    throttleTime(MIN_GAP_MS, scheduler, { leading: true, trailing: true }),
  );
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

function onWrongRole({ endpoint, signals$, fleet, scheduler }: RedialOptions): Observable<unknown> {
  const name = formatEndpoint(endpoint);
  return signals$.pipe(
    filter((signal) => signal.kind === 'wrong role' && signal.endpoint === name),
    throttleTime(REDIAL_MS, scheduler, { leading: true, trailing: true }),
    delayWhen(() => timer(PATIENCE_MS + fleet.spreadMs(), scheduler)),
  );
}
