import { distinctUntilChanged, map, scan, startWith } from 'rxjs';
import { aFunction, findFaults, throwFaults } from '../options/rules.js';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import type { AnsweredObservation, Observation } from '../topology/observation.js';
import { endpointFaults } from './endpoint-faults.js';
import type { NodeSource, SourceNode } from './node-source.js';
import { readEndpoints } from './read-endpoints.js';

/** @publicApi */
export interface DiscoverNodesOptions {
  /**
   * Translates an address reported by a server into one that this app can reach (NAT, containers). `undefined` leaves
   * the address out. Default: addresses are used as reported.
   */
  readonly mapEndpoint?: (named: Endpoint) => Endpoint | undefined;
}

/**
 * The seeds, and every node that a reachable node lists in `INFO replication`. Seeds are never removed. An unreachable
 * address stays while a reachable node lists it, and is removed afterwards as soon as a master is reachable. Requires the
 * permission for `INFO`; without it only the seeds are known.
 *
 * Managed services often list internal addresses that an app cannot reach: use `staticNodes` or `primaryEndpoint`
 * there.
 *
 * @throws TypeError if the list of seeds is empty, a seed is malformed or listed twice, or an option is wrong.
 * @publicApi
 */
export function discoverNodes(seeds: readonly string[], options: DiscoverNodesOptions = {}): NodeSource {
  const endpoints = readEndpoints('discoverNodes', seeds);
  throwFaults(findFaults({ mapEndpoint: aFunction }, options), 'discoverNodes: ');
  const { mapEndpoint = (named: Endpoint) => named } = options;
  const isSeed = (node: Endpoint) => endpoints.some((seed) => formatEndpoint(seed) === formatEndpoint(node));
  return ({ observations$ }) =>
    observations$.pipe(
      scan((known: Known, observation) => learn(known, observation, { endpoints, mapEndpoint }), {
        nodes: endpoints,
        answers: new Map(),
      }),
      map(({ nodes }) => nodes),
      startWith(endpoints),
      distinctUntilChanged(sameEndpoints),
      map((nodes) => nodes.map((node): SourceNode => (isSeed(node) ? node : { ...node, derived: true }))),
    );
}

/** All known nodes, and the last answer of each that has answered. */
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
  const received = new Map(answers).set(key, { last, reachable: observation.kind === 'answered' });
  const reachable = [...received.values()].filter((answer) => answer.reachable).map((answer) => answer.last);
  // While no master is reachable, the last answer of an unreachable node may be the only one that lists the next master.
  const trusted = reachable.some(({ report }) => report.role === 'master')
    ? reachable
    : [...received.values()].map((answer) => answer.last);
  const named = trusted.flatMap(({ report, endpoint }) =>
    report.named.flatMap((each) => translate({ ...each, ...(endpoint.tls && { tls: true }) }, mapEndpoint)),
  );
  const next = unique([...endpoints, ...reachable.map(({ endpoint }) => endpoint), ...named]);
  const names = new Set(next.map(formatEndpoint));
  return { nodes: next, answers: new Map([...received].filter(([name]) => names.has(name))) };
}

/** @throws TypeError if the app maps an address to anything but an endpoint or `undefined`. */
function translate(named: Endpoint, mapEndpoint: Seeds['mapEndpoint']): readonly Endpoint[] {
  const mapped = mapEndpoint(named);
  if (mapped === undefined) {
    return [];
  }
  throwFaults(endpointFaults(mapped, 'what mapEndpoint returned'), 'discoverNodes: ');
  return [mapped];
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
