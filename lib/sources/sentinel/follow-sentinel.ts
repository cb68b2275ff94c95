import {
  catchError,
  concat,
  concatMap,
  defer,
  from,
  ignoreElements,
  map,
  merge,
  Observable,
  of,
  repeat,
  Subject,
  switchMap,
  throttleTime,
  timeout,
  timer,
  type SchedulerLike,
} from 'rxjs';
import type { Login } from '../../credentials/credentials.js';
import { formatEndpoint, type Endpoint } from '../../topology/endpoint.js';
import { Connection } from '../../wire/connection.js';
import type { SourceContext } from '../node-source.js';
import type { Access } from './access.js';
import { askSentinel, openSentinel } from './ask-sentinel.js';
import { readListing, type Listing, type Locate } from './listing.js';
import { reasonOf } from './sentinel-fault.js';

/** What comes from one Sentinel. An event says no more than that something happened. */
export type News =
  | { readonly kind: 'listing'; readonly listing: Listing }
  | { readonly kind: 'failing'; readonly reason: string }
  | { readonly kind: 'event' };

export interface Following {
  readonly name: string;
  readonly access: Access;
  readonly locate: Locate;
  readonly context: Pick<SourceContext, 'seeking$' | 'scheduler' | 'family'>;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
}

interface Session extends Following {
  readonly onLogin: (login: Login) => void;
}

const CONNECT_LIMIT_MS = 1000;
const REPLY_LIMIT_MS = 1000;
/** How often a Sentinel is asked although it told no event. */
const POLL_MS = 5000;
const SEEKING_POLL_MS = 1000;
/** A failover has about ten events. */
const MIN_GAP_MS = 100;
const RETRY_MS = 1000;

/** Asks one Sentinel again and again, and connects anew when the connection is lost. Never fails. */
export function followSentinel(endpoint: Endpoint, following: Following): Observable<News> {
  const { context, random } = following;
  let sent: Login = {};
  const onLogin = (login: Login) => void (sent = login);
  return defer(() => runSession(endpoint, { ...following, onLogin })).pipe(
    catchError((error: unknown) => of<News>({ kind: 'failing', reason: reasonOf(error, sent.password) })),
    // The apps of a fleet lose a Sentinel at the same moment, and must not come back in step.
    repeat({ delay: () => timer(RETRY_MS * (0.5 + random()), context.scheduler) }),
  );
}

/** One connection. It fails when that is lost, or when a reply is late. */
function runSession(endpoint: Endpoint, session: Session): Observable<News> {
  const { name, access, onLogin, locate, context } = session;
  const { logins, tls } = access;
  return new Observable((subscriber) => {
    const { scheduler, family } = context;
    const connection = new Connection({
      socket$: access.dial(endpoint, { tls, family, connectTimeoutMs: CONNECT_LIMIT_MS }),
      ...(tls === undefined && endpoint.tls !== true && { closedAtOnce }),
    });
    const events$ = new Subject<void>();
    const locating = {
      node: locate,
      // Sentinels use TLS among themselves or do not; that of the nodes is another matter.
      sentinel: (named: Endpoint) => locate({ ...named, ...(endpoint.tls === true && { tls: true }) }),
    };
    const node = formatEndpoint(endpoint);
    const opened$ = from(
      openSentinel(connection, { name, node, logins, onLogin, onEvent: () => events$.next() }),
    );
    const listings$ = opened$.pipe(
      withinLimit(CONNECT_LIMIT_MS + REPLY_LIMIT_MS, scheduler),
      switchMap(() => merge(turnsOf(context), events$.pipe(throttled(scheduler)))),
      concatMap(() => from(askSentinel(connection, name)).pipe(withinLimit(REPLY_LIMIT_MS, scheduler))),
      map((replies): News => ({ kind: 'listing', listing: readListing(replies, locating) })),
    );
    // A command on a closed connection rejects with the reason.
    const lost$ = from(connection.closed).pipe(
      switchMap(() => connection.call('PING')),
      ignoreElements(),
    );
    subscriber.add(
      merge(events$.pipe(map((): News => ({ kind: 'event' }))), listings$, lost$).subscribe(subscriber),
    );
    return () => connection.close();
  });
}

/** At once, then at intervals. Events tell in between, so that nothing is asked at the moment of a promotion. */
function turnsOf({ seeking$, scheduler }: Following['context']): Observable<unknown> {
  const intervals$ = seeking$.pipe(map((isSeeking) => (isSeeking ? SEEKING_POLL_MS : POLL_MS)));
  return concat(of(0), intervals$.pipe(switchMap((gapMs) => timer(gapMs, gapMs, scheduler))));
}

function throttled(scheduler: SchedulerLike) {
  return throttleTime<void>(MIN_GAP_MS, scheduler, { leading: true, trailing: true });
}

function withinLimit<T>(limitMs: number, scheduler: SchedulerLike) {
  const message = `no reply within ${limitMs} ms`;
  return timeout<T, Observable<never>>({
    first: limitMs,
    scheduler,
    with: () => {
      throw Object.assign(new Error(message), { code: 'ETIMEDOUT' });
    },
  });
}

function closedAtOnce(): Error {
  const message =
    'the server closed the connection before its first reply; if it expects TLS, set "tls" of sentinelNodes';
  return Object.assign(new Error(message), { code: 'ECONNRESET' });
}
