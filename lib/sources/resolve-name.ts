import { lookup as dnsLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import {
  catchError,
  defer,
  exhaustMap,
  filter,
  map,
  merge,
  of,
  scan,
  switchMap,
  tap,
  throttleTime,
  timeout,
  timer,
  type Observable,
} from 'rxjs';
import type { Endpoint } from '../topology/endpoint.js';
import type { Observation } from '../topology/observation.js';
import type { SourceContext, SourceNode } from './node-source.js';

/**
 * One address behind a name.
 *
 * @publicApi
 */
export interface ResolvedAddress {
  readonly address: string;
  /** How long the answer stays valid, in seconds, as DNS gives it. */
  readonly ttl?: number;
}

export interface Resolving {
  readonly context: SourceContext;
  readonly resolveIntervalMs: number;
  readonly lookup: Lookup;
}

export type Lookup = (hostname: string) => Promise<readonly (string | ResolvedAddress)[]>;

/** How often names are resolved while no master is known: it may be a name that has to move. */
const SEEKING_INTERVAL_MS = 250;
/** Limits DNS queries when many signals arrive at once. */
export const MIN_RESOLVE_GAP_MS = 100;
const LOOKUP_LIMIT_MS = 5000;
/** More addresses than any provider returns for one name. The oldest are dropped, so that the list stays bounded. */
const MAX_ADDRESSES = 32;
/** A name that is moved without any signal is found within this time, whatever time to live its answer had. */
const MAX_TTL_MS = 60_000;

/** All addresses behind a name. Never fails: where the name cannot be resolved, the last addresses stay. */
export function resolveName(name: Endpoint, resolving: Resolving): Observable<readonly ResolvedNode[]> {
  if (isIP(name.host) !== 0) {
    return of([{ node: name, answer: 'literal' }]);
  }
  const failed$ = resolving.context.observations$.pipe(
    filter((observation) => observation.kind === 'faulty'),
    map((observation): Change => ({ kind: 'failed', observation })),
  );
  return merge(answersFor(name.host, resolving), failed$).pipe(
    scan((known: Known, change) => applyChange(known, change), { current: [], earlier: [] }),
    map((known) => toNodes(name, known)),
  );
}

function answersFor(
  hostname: string,
  { context, resolveIntervalMs, lookup }: Resolving,
): Observable<Change & { readonly kind: 'resolved' }> {
  const { scheduler, signals$, seeking$ } = context;
  return defer(() => {
    let freshUntil = -Infinity;
    const isDue = () => scheduler.now() >= freshUntil;
    const turns$ = seeking$.pipe(
      switchMap((isSeeking) =>
        isSeeking
          ? timer(0, Math.min(SEEKING_INTERVAL_MS, resolveIntervalMs), scheduler)
          : timer(0, resolveIntervalMs, scheduler).pipe(filter(isDue)),
      ),
    );
    return merge(turns$, signals$).pipe(
      throttleTime(MIN_RESOLVE_GAP_MS, scheduler, { leading: true, trailing: true }),
      // Without the limit, one query that never ends would block all later ones.
      exhaustMap(() =>
        defer(() => lookup(hostname)).pipe(
          timeout({ first: LOOKUP_LIMIT_MS, scheduler }),
          catchError(() => of([])),
        ),
      ),
      map((answers) => readAnswers(answers)),
      tap(({ ttlMs }) => (freshUntil = scheduler.now() + ttlMs)),
      map(({ addresses }) => ({ kind: 'resolved', addresses }) as const),
    );
  });
}

/** The time to live of an answer is that of the address which is the first to expire. */
function readAnswers(answers: readonly (string | ResolvedAddress)[]) {
  const records = answers.map((each) => (typeof each === 'string' ? { address: each } : each));
  const ttls = records.map(({ ttl = 0 }) => ttl * 1000).filter((ttlMs) => ttlMs >= 0);
  return {
    addresses: records.flatMap(({ address }) => (isIP(address) === 0 ? [] : address)).slice(0, MAX_ADDRESSES),
    ttlMs: ttls.length === 0 ? 0 : Math.min(...ttls, MAX_TTL_MS),
  };
}

/** The addresses of the last answer, and those of earlier answers that have not failed a probe since. */
interface Known {
  readonly current: readonly string[];
  readonly earlier: readonly string[];
}

type Change =
  | { readonly kind: 'resolved'; readonly addresses: readonly string[] }
  | { readonly kind: 'failed'; readonly observation: Observation };

function applyChange({ current, earlier }: Known, change: Change): Known {
  if (change.kind === 'failed') {
    const { host } = change.observation.endpoint;
    return { current, earlier: earlier.filter((address) => address !== host) };
  }
  if (change.addresses.length === 0) {
    return { current, earlier };
  }
  const before = [...current, ...earlier].filter((address) => !change.addresses.includes(address));
  return { current: change.addresses.toSorted(), earlier: [...new Set(before)].slice(0, MAX_ADDRESSES) };
}

/** One address behind a name. */
export interface ResolvedNode {
  readonly node: SourceNode;
  /** Whether it is in the last answer of DNS. */
  readonly answer: 'current' | 'earlier' | 'literal';
}

/** A name without addresses stays a node, so that its fault `NOT_FOUND` is visible in the topology. */
function toNodes(name: Endpoint, { current, earlier }: Known): readonly ResolvedNode[] {
  const toNode = (host: string): SourceNode => ({
    ...name,
    host,
    servername: name.servername ?? name.host,
    derived: true,
  });
  return current.length === 0 && earlier.length === 0
    ? [{ node: name, answer: 'literal' }]
    : [
        ...current.map((host) => ({ node: toNode(host), answer: 'current' }) as const),
        ...earlier.map((host) => ({ node: toNode(host), answer: 'earlier' }) as const),
      ];
}

export function lookupAll(family = 0): Lookup {
  return async (hostname) => dnsLookup(hostname, { all: true, family });
}
