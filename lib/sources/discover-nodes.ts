import { distinctUntilChanged, map, scan, startWith } from 'rxjs';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import type { AnsweredObservation, Observation } from '../topology/observation.js';
import type { NodeSource } from './node-source.js';
import { readEndpoints } from './read-endpoints.js';
import { refuseUnknown } from './refuse-unknown.js';

/** @publicApi */
export interface DiscoverNodesOptions {
  /**
   * Translates an address as the servers name it into one this app can reach (NAT, containers); `undefined` leaves
   * the address out. Default: used as it is.
   */
  readonly mapEndpoint?: (named: Endpoint) => Endpoint | undefined;
}

/**
 * Seeds, and every node that `INFO replication` of a reachable node names. Seeds are never forgotten. An address
 * that turns out to be unreachable is tolerated; one that no reachable node names any more is forgotten once a
 * master is reachable. Needs the permission for `INFO`; without it only the seeds are known.
 *
 * Managed services often name internal addresses that an app cannot reach: use `staticNodes` or `primaryEndpoint`
 * there.
 *
 * @throws TypeError where the list of seeds is empty, or a seed is malformed or named twice, or an option unknown.
 * @publicApi
 */
export function discoverNodes(seeds: readonly string[], options: DiscoverNodesOptions = {}): NodeSource {
  const endpoints = readEndpoints('discoverNodes', seeds);
  refuseUnknown('discoverNodes', options, ['mapEndpoint']);
  const { mapEndpoint = (named: Endpoint) => named } = options;
  return ({ observations$ }) =>
    observations$.pipe(
      scan((known: Known, observation) => learn(known, observation, { endpoints, mapEndpoint }), {
        nodes: endpoints,
        answers: new Map(),
      }),
      map(({ nodes }) => nodes),
      startWith(endpoints),
      distinctUntilChanged(sameEndpoints),
    );
}

/** The nodes looked at, and the last answer of each that gave one. */
interface Known {
  readonly nodes: readonly Endpoint[];
  readonly answers: ReadonlyMap<string, { readonly last: AnsweredObservation; readonly reachable: boolean }>;
}

interface Seeds {
  readonly endpoints: readonly Endpoint[];
  readonly mapEndpoint: (named: Endpoint) => Endpoint | undefined;
}

function learn(
  { nodes, answers }: Known,
  observation: Observation,
  { endpoints, mapEndpoint }: Seeds,
): Known {
  const key = formatEndpoint(observation.endpoint);
  const before = answers.get(key);
  const last = observation.kind === 'answered' ? observation : before?.last;
  if (last === undefined) {
    return { nodes, answers };
  }
  const heard = new Map(answers).set(key, { last, reachable: observation.kind === 'answered' });
  const speaking = [...heard.values()].filter(({ reachable }) => reachable).map((answer) => answer.last);
  // While no master is reachable, those that fell silent may still know the only way to the next one.
  const trusted = speaking.some(({ report }) => report.role === 'master')
    ? speaking
    : [...heard.values()].map((answer) => answer.last);
  const named = trusted.flatMap(({ report, endpoint }) =>
    report.named.flatMap((each) => mapEndpoint({ ...each, ...(endpoint.tls && { tls: true }) }) ?? []),
  );
  const next = unique([...endpoints, ...speaking.map(({ endpoint }) => endpoint), ...named]);
  const names = new Set(next.map(formatEndpoint));
  return { nodes: next, answers: new Map([...heard].filter(([name]) => names.has(name))) };
}

function unique(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return [
    ...new Map(endpoints.toReversed().map((each) => [formatEndpoint(each), each])).values(),
  ].toReversed();
}

function sameEndpoints(a: readonly Endpoint[], b: readonly Endpoint[]): boolean {
  const names = new Set(a.map(formatEndpoint));
  return a.length === b.length && b.every((each) => names.has(formatEndpoint(each)));
}
