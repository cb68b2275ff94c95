import { catchError, defer, finalize, map, of, repeat, tap, type Observable } from 'rxjs';
import { formatEndpoint } from '../topology/endpoint.js';
import type { Observation } from '../topology/observation.js';
import type { SignalKind } from '../topology/signal.js';
import { NodeControl } from './node-control.js';
import { faultOf } from './node-fault.js';
import type { ObserverContext } from './observer-context.js';

/**
 * Looks at one node again and again, on connections of its own, so that a node that hangs delays no other. Never
 * errors: what goes wrong is an observation too.
 */
export function observeNode(context: ObserverContext): Observable<Observation> {
  return defer(() => {
    const control = new NodeControl(context);
    let last: Observation = { kind: 'pending', endpoint: context.endpoint, at: 0, signal: context.whyLook() };
    return defer(() => look(control, context)).pipe(
      map((observation) => blameTurn(last, observation)),
      tap((observation) => {
        if (isTurn(last, observation)) {
          context.emit(observation.signal.kind, context.endpoint);
        }
        last = observation;
      }),
      repeat({ delay: () => context.nextLook(last) }),
      finalize(() => control.hangUp()),
    );
  });
}

function look(control: NodeControl, context: ObserverContext): Observable<Observation> {
  const { endpoint, scheduler } = context;
  const signal = context.whyLook();
  return control.ask().pipe(
    map((answer): Observation => {
      const base = { endpoint, at: scheduler.now(), signal };
      return answer.kind === 'report'
        ? { ...base, kind: 'answered', report: answer.report }
        : { ...base, kind: 'faulty', fault: answer.fault, message: answer.message };
    }),
    catchError((error: unknown) => {
      control.hangUp();
      return of<Observation>({ kind: 'faulty', endpoint, at: scheduler.now(), signal, ...faultOf(error) });
    }),
  );
}

/** A node that answered before and does not now: worth a look at all the others. */
function isTurn(before: Observation, now: Observation): boolean {
  return before.kind === 'answered' && now.kind === 'faulty';
}

/** Whatever made us look, that the node fell silent is the news. */
function blameTurn(before: Observation, now: Observation): Observation {
  if (!isTurn(before, now) || now.kind !== 'faulty') {
    return now;
  }
  const kind: SignalKind = now.fault === 'TIMEOUT' ? 'reply timed out' : 'connection failed';
  return { ...now, signal: { kind, endpoint: formatEndpoint(now.endpoint), at: now.signal.at } };
}
