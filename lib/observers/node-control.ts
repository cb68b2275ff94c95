import {
  catchError,
  defer,
  EMPTY,
  finalize,
  from,
  mergeMap,
  Subscription,
  tap,
  throttleTime,
  throwError,
  timeout,
  type Observable,
} from 'rxjs';
import type { ControlConnection } from './control-connection.js';
import { FleetMembership } from '../fleet/fleet-membership.js';
import { isLost } from './is-lost.js';
import { MAINTENANCE_GAP_MS } from './maintenance.js';
import type { ServerRole } from '../topology/observation.js';
import { line } from '../topology/log-line.js';
import type { ObserverContext } from './observer-context.js';
import { needsNewSession, probe, startProbe, type ProbeSession } from './probe.js';
import type { Answer } from './answer.js';
import { vetFor } from './vet-node.js';
import { watchNode } from './watch-node.js';

interface Session {
  readonly connection: ControlConnection;
  readonly probe: ProbeSession;
  readonly membership: FleetMembership;
  /** Runs the watcher and hears of maintenance, and ends with the session. */
  readonly watching: Subscription;
}

/** The connections to one node: opened when needed, closed when they fail. */
export class NodeControl {
  readonly #context: ObserverContext;
  #session: Session | undefined;
  #dialling: ControlConnection | undefined;
  /** A connection that is opened to find out where the address of the node leads by now. */
  #beside: ControlConnection | undefined;

  constructor(context: ObserverContext) {
    this.#context = context;
  }

  ask(): Observable<Answer> {
    const { replyTimeoutMs, connectTimeoutMs } = this.#context;
    const dialled$ = defer(() => from(this.#dial())).pipe(
      // A socket that is not open by then fails at this very time, with an error that says more.
      this.#within(connectTimeoutMs, 'no connection', LATER_MS),
    );
    const ask = ({ connection, probe: state, membership }: Session) =>
      from(probe(connection.call, state)).pipe(
        this.#within(replyTimeoutMs, 'no answer'),
        tap((answer) => needsNewSession(state, answer) && this.hangUp()),
        tap({ complete: () => membership.afterProbe() }),
      );
    const session = this.#session;
    if (session === undefined) {
      return dialled$.pipe(mergeMap(ask));
    }
    // A closed connection does not mean that the node is down, nor does one on which an announcement is held up. Only a
    // new connection can show that.
    return ask(session).pipe(
      catchError((error: unknown) => {
        if (!isLost(error) && !session.membership.isPublishing) {
          return throwError(() => error);
        }
        this.hangUp();
        return dialled$.pipe(mergeMap(ask));
      }),
    );
  }

  /**
   * Dials the node anew, beside the connection that there is. If another server answers or, where run ids are unknown, one
   * with another role than `role`, the new connection replaces the old one, and the node is probed at once. Never errors.
   */
  redial(role: ServerRole): Observable<unknown> {
    const { emit, endpoint, connectTimeoutMs } = this.#context;
    return defer(() => from(this.#dialBeside(role))).pipe(
      this.#within(connectTimeoutMs, 'no connection'),
      tap((isOther) => isOther && emit('connection closed', endpoint)),
      catchError(() => EMPTY),
      finalize(() => {
        this.#beside?.close();
        this.#beside = undefined;
      }),
    );
  }

  /** Whether the node leads to another server by now. */
  async #dialBeside(role: ServerRole): Promise<boolean> {
    const { connect, endpoint } = this.#context;
    const before = this.#session;
    const connection = connect(endpoint, 'observer');
    this.#beside = connection;
    await connection.open(vetFor(this.#context));
    const state = await startProbe(connection.call, this.#context.mode);
    const answer = await probe(connection.call, state);
    const isOther =
      state.runId === undefined || before?.probe.runId === undefined
        ? answer.kind === 'report' && answer.report.role !== role
        : state.runId !== before.probe.runId;
    if (!isOther || this.#beside !== connection || this.#session !== before || before === undefined) {
      return false;
    }
    this.#beside = undefined;
    this.hangUp();
    this.#begin(connection, state);
    return true;
  }

  hangUp(): void {
    const session = this.#session;
    this.#session = undefined;
    session?.watching.unsubscribe();
    session?.membership.leave();
    session?.connection.close();
    this.#dialling?.close();
    this.#dialling = undefined;
  }

  async #dial(): Promise<Session> {
    const { connect, endpoint } = this.#context;
    const connection = connect(endpoint, 'observer');
    this.#dialling = connection;
    await connection.open(vetFor(this.#context));
    const state = await startProbe(connection.call, this.#context.mode);
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
        line`the user may not run INFO; ${{ command: state.command }} reports the role, but neither the replication history (after a split brain the heir cannot be determined) nor the lag`,
        'RR210',
      );
    }
    const membership = new FleetMembership({ ...this.#context, connection, server: state.runId ?? '' });
    const isUsable = state.unfit === undefined && !state.isProvisional;
    if (isUsable) {
      void membership.join();
    }
    const isWatched = isUsable && this.#context.mode !== 'cluster';
    const watching = new Subscription();
    if (isWatched) {
      watching.add(watchNode(this.#context).subscribe());
    }
    if (isUsable) {
      watching.add(this.#heed(connection));
    }
    const session: Session = { connection, probe: state, membership, watching };
    this.#session = session;
    void connection.closed.then(() => {
      if (this.#session === session) {
        this.hangUp();
        emit('connection closed', endpoint);
      }
    });
    return session;
  }

  /** What the server tells of its maintenance is a reason to probe. */
  #heed({ maintenance$ }: ControlConnection): Subscription {
    const { emit, endpoint, scheduler } = this.#context;
    return maintenance$
      .pipe(throttleTime(MAINTENANCE_GAP_MS, scheduler, { leading: true, trailing: true }))
      .subscribe(() => emit('maintenance', endpoint));
  }

  #within<T>(limitMs: number, what: string, laterMs = 0) {
    return timeout<T, Observable<never>>({
      each: limitMs + laterMs,
      scheduler: this.#context.scheduler,
      with: () =>
        throwError(() => Object.assign(new Error(`${what} within ${limitMs} ms`), { code: 'ETIMEDOUT' })),
    });
  }
}

const LATER_MS = 1;
