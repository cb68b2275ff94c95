import {
  catchError,
  defer,
  EMPTY,
  exhaustMap,
  finalize,
  map,
  of,
  repeat,
  shareReplay,
  tap,
  type Observable,
} from 'rxjs';
import { formatEndpoint } from '../topology/endpoint.js';
import type { Observation } from '../topology/observation.js';
import type { SignalKind } from '../topology/signal.js';
import { NodeControl } from './node-control.js';
import { faultOf, type Fault } from '../replies/node-fault.js';
import type { ObserverContext } from './observer-context.js';

/**
 * Probes one node repeatedly, on connections of its own, so that a node that hangs does not delay the others. Never
 * errors: a failure is an observation, too.
 */
export function observeNode(context: ObserverContext): Observable<Observation> {
  return defer(() => {
    const control = new NodeControl(context);
    let last: Observation = {
      kind: 'pending',
      endpoint: context.endpoint,
      at: 0,
      signal: context.beginProbe(),
    };
    const redialling = context.redial$
      .pipe(
        exhaustMap((reason) => {
          const role = last.kind === 'answered' ? last.report.role : undefined;
          const isNeeded = role === 'replica' || (role !== undefined && reason === 'wrong role');
          return isNeeded ? control.redial(role) : EMPTY;
        }),
      )
      .subscribe();
    return defer(() => probeOnce(control, context, last)).pipe(
      map((observation) => attributeFailure(last, observation)),
      tap((observation) => {
        if (hasFailed(last, observation)) {
          context.emit(observation.signal.kind, context.endpoint);
        }
        last = observation;
      }),
      repeat({ delay: () => context.nextProbe(last) }),
      finalize(() => {
        redialling.unsubscribe();
        control.hangUp();
      }),
    );
  });
}

function probeOnce(
  control: NodeControl,
  context: ObserverContext,
  last: Observation,
): Observable<Observation> {
  const { endpoint, scheduler } = context;
  const signal = context.beginProbe();
  // Runs beside the probe, so that it takes no extra time, but not at the first timeout, which must be reported at once.
  const isServing$ = (isSilent(last) ? context.isServing() : of(false)).pipe(
    shareReplay({ bufferSize: 1, refCount: true }),
  );
  const beside = isServing$.subscribe();
  return control.ask().pipe(
    map((answer): Observation => {
      const base = { endpoint, at: scheduler.now(), signal };
      return answer.kind === 'report'
        ? { ...base, kind: 'answered', report: answer.report }
        : { ...base, kind: 'faulty', fault: answer.fault, message: answer.message };
    }),
    catchError((error: unknown) => {
      control.hangUp();
      const fault = faultOf(error);
      return isServing$.pipe(
        map((serves) => (serves && fault.fault === 'TIMEOUT' ? paused : fault)),
        map((why): Observation => ({ kind: 'faulty', endpoint, at: scheduler.now(), signal, ...why })),
      );
    }),
    finalize(() => beside.unsubscribe()),
  );
}

const paused: Fault = {
  fault: 'PAUSED',
  message: 'the server is running, but answers no commands: it is paused (CLIENT PAUSE)',
};

function isSilent(last: Observation): boolean {
  return last.kind === 'faulty' && (last.fault === 'TIMEOUT' || last.fault === 'PAUSED');
}

/** A node that answered before and fails now is a reason to probe all the others. */
function hasFailed(before: Observation, now: Observation): boolean {
  return before.kind === 'answered' && now.kind === 'faulty';
}

/** Names the failure of a node as the cause, in place of the signal that happened to start the probe. */
function attributeFailure(before: Observation, now: Observation): Observation {
  if (!hasFailed(before, now) || now.kind !== 'faulty') {
    return now;
  }
  const kind: SignalKind = now.fault === 'TIMEOUT' ? 'reply timed out' : 'connection failed';
  return { ...now, signal: { kind, endpoint: formatEndpoint(now.endpoint), at: now.signal.at } };
}
