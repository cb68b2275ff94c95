import { lookup as dnsLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import {
  catchError,
  combineLatest,
  distinctUntilChanged,
  exhaustMap,
  filter,
  from,
  map,
  merge,
  of,
  scan,
  switchMap,
  throttleTime,
  timeout,
  timer,
  type Observable,
} from 'rxjs';
import { aFunction, durationMs, findFaults, text, throwFaults } from '../options/rules.js';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import type { Observation } from '../topology/observation.js';
import type { NodeSource, SourceContext, SourceNode } from './node-source.js';
import { readEndpoint } from './read-endpoints.js';

/** @publicApi */
export interface PrimaryEndpointOptions {
  /** A second name, `host:port`, for the replicas. If it resolves to the master, no second node is added. */
  readonly reader?: string;
  /** How often the names are resolved if there is no signal, in milliseconds (100 to 2147483647). Default 2000. */
  readonly resolveIntervalMs?: number;
  /** Resolves a name to all its addresses. Default: `dns.promises.lookup` of Node.js with the option `all`. */
  readonly lookup?: (hostname: string) => Promise<readonly string[]>;
}

/**
 * DNS names that follow the master, as cloud providers offer them. Each address behind a name is a node of its own. Names
 * are resolved at intervals and after every signal. Each address is probed for its role, because DNS lags behind a
 * failover. An address that DNS no longer returns stays a node while it answers. TLS certificates are verified against
 * the name.
 *
 * @throws TypeError if an endpoint is malformed, or an option is wrong.
 * @publicApi
 */
export function primaryEndpoint(primary: string, options: PrimaryEndpointOptions = {}): NodeSource {
  throwFaults(findFaults(rules, options), 'primaryEndpoint: ');
  const { reader, resolveIntervalMs = 2000, lookup } = options;
  const names = [primary, ...(reader === undefined ? [] : [reader])].map((name) =>
    readEndpoint('primaryEndpoint', name),
  );
  return (context) =>
    combineLatest(
      names.map((name) =>
        resolveName(name, { context, resolveIntervalMs, lookup: lookup ?? lookupAll(context.family) }),
      ),
    ).pipe(
      map(([primaries = [], replicas = []]) => unique([...primaries.map(intend), ...replicas])),
      distinctUntilChanged((a, b) => a.map(describe).join() === b.map(describe).join()),
    );
}

interface Resolving {
  readonly context: SourceContext;
  readonly resolveIntervalMs: number;
  readonly lookup: (hostname: string) => Promise<readonly string[]>;
}

/** How often names are resolved while no master is known: it may be a name that has to move. */
const SEEKING_INTERVAL_MS = 250;
/** Limits DNS queries when many signals arrive at once. */
const MIN_RESOLVE_GAP_MS = 100;
const rules = { reader: text, resolveIntervalMs: durationMs(MIN_RESOLVE_GAP_MS), lookup: aFunction };
const LOOKUP_LIMIT_MS = 5000;
/** More addresses than any provider returns for one name. The oldest are dropped, so that the list stays bounded. */
const MAX_ADDRESSES = 32;

function resolveName(
  name: Endpoint,
  { context, resolveIntervalMs, lookup }: Resolving,
): Observable<readonly ResolvedNode[]> {
  if (isIP(name.host) !== 0) {
    return of([{ node: name, answer: 'literal' }]);
  }
  const { scheduler, signals$, observations$, seeking$ } = context;
  const turns$ = seeking$.pipe(
    switchMap((isSeeking) =>
      timer(0, isSeeking ? Math.min(SEEKING_INTERVAL_MS, resolveIntervalMs) : resolveIntervalMs, scheduler),
    ),
  );
  const answers$ = merge(turns$, signals$).pipe(
    throttleTime(MIN_RESOLVE_GAP_MS, scheduler, { leading: true, trailing: true }),
    // Without the limit, one query that never ends would block all later ones.
    exhaustMap(() =>
      from(lookup(name.host)).pipe(
        timeout({ first: LOOKUP_LIMIT_MS, scheduler }),
        catchError(() => of([])),
      ),
    ),
    map((addresses): Change => ({ kind: 'resolved', addresses })),
  );
  const failed$ = observations$.pipe(
    filter((observation) => observation.kind === 'faulty'),
    map((observation): Change => ({ kind: 'failed', observation })),
  );
  return merge(answers$, failed$).pipe(
    scan((known: Known, change) => applyChange(known, change), { current: [], earlier: [] }),
    map((known) => toNodes(name, known)),
  );
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
interface ResolvedNode {
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

/** M19: the primary name leads to this address now. An address that the user gave leads nowhere else, so it says nothing. */
function intend({ node, answer }: ResolvedNode): ResolvedNode {
  return answer === 'current' ? { node: { ...node, intended: 'master' }, answer } : { node, answer };
}

function lookupAll(family = 0) {
  return async (hostname: string): Promise<readonly string[]> => {
    const answers = await dnsLookup(hostname, { all: true, family });
    return answers.map(({ address }) => address);
  };
}

/** The primary name comes first, so that what it says of an address stands also if the reader name leads there. */
function unique(nodes: readonly ResolvedNode[]): readonly SourceNode[] {
  return [
    ...new Map(nodes.toReversed().map(({ node }) => [formatEndpoint(node), node] as const)).values(),
  ].toReversed();
}

function describe(node: SourceNode): string {
  return `${formatEndpoint(node)} ${node.intended ?? ''}`;
}
