import {
  catchError,
  defer,
  EMPTY,
  finalize,
  from,
  ignoreElements,
  map,
  of,
  repeat,
  tap,
  timer,
  type Observable,
} from 'rxjs';
import type { SignalKind } from '../topology/signal.js';
import type { ControlConnection } from './control-connection.js';
import { faultOf } from '../replies/node-fault.js';
import { isLost } from './is-lost.js';
import { line } from '../topology/log-line.js';
import type { ObserverContext } from './observer-context.js';
import { vetFor } from './vet-node.js';

/** A watcher is armed again at once (in a fleet, after a random delay), but not more often than this. */
const REARM_MS = 100;

type Ending = 'unblocked' | 'closed' | 'unarmed' | 'forbidden';

/**
 * Holds a blocking read on a node. A server that becomes a replica, or follows another master, ends it within a
 * millisecond. This is the only event that a plain server pushes, and it does not cover promotions. Emits no values.
 */
export function watchNode(context: ObserverContext): Observable<never> {
  return defer(() => {
    const connection = context.connect(context.endpoint, 'watcher');
    return from(block(connection, context)).pipe(finalize(connection.close));
  }).pipe(
    map((ending) => react(ending, context)),
    repeatUntilForbidden(context),
    ignoreElements(),
  );
}

async function block(connection: ControlConnection, context: ObserverContext): Promise<Ending> {
  const { probeKey, database } = context;
  try {
    await connection.open(vetFor(context));
  } catch {
    return 'unarmed';
  }
  if (database !== 0) {
    // Sent together with the next command, which shows whether the database can be used.
    connection.call('SELECT', String(database)).catch(() => undefined);
  }
  try {
    await connection.call('XREAD', 'BLOCK', '0', 'STREAMS', probeKey, '$');
    return 'closed';
  } catch (error) {
    return readEnding(error);
  }
}

/** `CLIENT UNBLOCK` also ends in an UNBLOCKED error; either is only a reason to probe, so they are treated alike. */
function readEnding(error: unknown): Ending {
  const { message } = faultOf(error);
  if (message.startsWith('UNBLOCKED')) {
    return 'unblocked';
  }
  if (/^(NOPERM|ERR unknown command|WRONGTYPE)/i.test(message)) {
    return 'forbidden';
  }
  return isLost(error) ? 'closed' : 'unarmed';
}

/** Emits no signal if the watcher could not be armed, because the connection that probes the node finds out why. */
function react(ending: Ending, { emit, notify, endpoint, database }: ObserverContext): Ending {
  const signals: Partial<Record<Ending, SignalKind>> = {
    unblocked: 'unblocked',
    closed: 'connection closed',
  };
  const kind = signals[ending];
  if (kind !== undefined) {
    emit(kind, endpoint);
  }
  if (ending === 'forbidden') {
    notify(
      line`the user may not run XREAD on the probe key in database ${{ database }}: a demotion is detected only by the next poll, not at once`,
      'RR211',
    );
  }
  return ending;
}

function repeatUntilForbidden({ scheduler, fleet }: ObserverContext) {
  return (endings$: Observable<Ending>): Observable<Ending> =>
    defer(() => {
      let last: Ending = 'closed';
      let begunAt = scheduler.now();
      return endings$.pipe(
        catchError(() => of<Ending>('closed')),
        tap((ending) => (last = ending)),
        repeat({
          delay: () => {
            const [now, before] = [scheduler.now(), begunAt];
            const pauseMs =
              last === 'unarmed' ? REARM_MS : Math.max(fleet.spreadMs(), REARM_MS - (now - before));
            begunAt = now + pauseMs;
            return last === 'forbidden' ? EMPTY : timer(pauseMs, scheduler);
          },
        }),
      );
    });
}
