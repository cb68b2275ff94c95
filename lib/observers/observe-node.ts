import {
  catchError,
  defer,
  finalize,
  from,
  map,
  mergeMap,
  of,
  repeat,
  tap,
  throwError,
  timeout,
  type Observable,
  type SchedulerLike,
  Subscription,
} from 'rxjs';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import type { Observation } from '../topology/observation.js';
import type { Signal, SignalKind } from '../topology/signal.js';
import type { ConnectControl, ControlConnection } from './control-connection.js';
import { faultOf } from './node-fault.js';
import { probe, startProbe, type Answer, type ProbeSession } from './probe.js';
import { watchNode } from './watch-node.js';

/** What the observer of one node works with. */
export interface ObserverContext {
  readonly endpoint: Endpoint;
  readonly connect: ConnectControl;
  /** A key that never exists: the watcher blocks on it. */
  readonly probeKey: string;
  /** A probe that is not answered within this time makes the node suspect. */
  readonly replyTimeoutMs: number;
  /** Dial, TLS and handshake together. */
  readonly connectTimeoutMs: number;
  readonly scheduler: SchedulerLike;
  /** Says when the next look is due, given what the last one saw. */
  readonly nextLook: (last: Observation) => Observable<unknown>;
  /** Why we look now. */
  readonly whyLook: () => Signal;
  readonly emit: (kind: SignalKind, endpoint: Endpoint) => void;
  /** Something an operator should know once. */
  readonly notify: (text: string) => void;
}

/**
 * Looks at one node again and again, on connections of its own, so that a node that hangs delays no other. Never
 * errors: what goes wrong is an observation too.
 */
export function observeNode(context: ObserverContext): Observable<Observation> {
  return defer(() => {
    const line = new Line(context);
    let last: Observation = { kind: 'pending', endpoint: context.endpoint, at: 0, signal: context.whyLook() };
    return defer(() => look(line, context)).pipe(
      map((observation) => blameTurn(last, observation)),
      tap((observation) => {
        if (isTurn(last, observation)) {
          context.emit(observation.signal.kind, context.endpoint);
        }
        last = observation;
      }),
      repeat({ delay: () => context.nextLook(last) }),
      finalize(() => line.hangUp()),
    );
  });
}

function look(line: Line, context: ObserverContext): Observable<Observation> {
  const { endpoint, scheduler } = context;
  const signal = context.whyLook();
  return line.ask().pipe(
    map((answer): Observation => {
      if (answer.kind === 'unfit' && answer.fault === 'LOADING') {
        line.hangUp();
      }
      const base = { endpoint, at: scheduler.now(), signal };
      return answer.kind === 'report'
        ? { ...base, kind: 'answered', report: answer.report }
        : { ...base, kind: 'faulty', fault: answer.fault, message: answer.message };
    }),
    catchError((error: unknown) => {
      line.hangUp();
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

interface Session {
  readonly connection: ControlConnection;
  readonly probe: ProbeSession;
  readonly watcher: Subscription;
}

/** The connections to one node: opened when needed, dropped when they fail. */
class Line {
  readonly #context: ObserverContext;
  #session: Session | undefined;
  #dialling: ControlConnection | undefined;

  constructor(context: ObserverContext) {
    this.#context = context;
  }

  ask(): Observable<Answer> {
    const { replyTimeoutMs, connectTimeoutMs } = this.#context;
    const dialled$ = defer(() => from(this.#dial())).pipe(this.#within(connectTimeoutMs, 'no connection'));
    const ask = ({ connection, probe: state }: Session) =>
      from(probe(connection.call, state)).pipe(this.#within(replyTimeoutMs, 'no answer'));
    const session = this.#session;
    if (session === undefined) {
      return dialled$.pipe(mergeMap(ask));
    }
    // That a connection was closed says nothing of the node: a new one tells.
    return ask(session).pipe(
      catchError((error: unknown) => {
        if (faultOf(error).fault !== 'CLOSED') {
          return throwError(() => error);
        }
        this.hangUp();
        return dialled$.pipe(mergeMap(ask));
      }),
    );
  }

  hangUp(): void {
    const session = this.#session;
    this.#session = undefined;
    session?.watcher.unsubscribe();
    session?.connection.close();
    this.#dialling?.close();
    this.#dialling = undefined;
  }

  async #dial(): Promise<Session> {
    const { connect, endpoint } = this.#context;
    const connection = connect(endpoint, 'nestjs-redis-replication:observer');
    this.#dialling = connection;
    await connection.open();
    const state = await startProbe(connection.call);
    if (this.#dialling !== connection) {
      throw new Error('Connection attempt was given up');
    }
    this.#dialling = undefined;
    return this.#begin(connection, state);
  }

  #begin(connection: ControlConnection, state: ProbeSession): Session {
    const { emit, endpoint, notify } = this.#context;
    if (state.command !== 'INFO') {
      notify(
        `the user may not run INFO; ${state.command} tells the role, but neither lineage (after a split brain the ` +
          'heir cannot be told) nor lag',
      );
    }
    const watcher = state.unfit === undefined ? watchNode(this.#context).subscribe() : Subscription.EMPTY;
    const session: Session = { connection, probe: state, watcher };
    this.#session = session;
    void connection.closed.then(() => {
      if (this.#session === session) {
        this.hangUp();
        emit('connection closed', endpoint);
      }
    });
    return session;
  }

  #within<T>(limitMs: number, what: string) {
    return timeout<T, Observable<never>>({
      each: limitMs,
      scheduler: this.#context.scheduler,
      with: () =>
        throwError(() => Object.assign(new Error(`${what} within ${limitMs} ms`), { code: 'ETIMEDOUT' })),
    });
  }
}
