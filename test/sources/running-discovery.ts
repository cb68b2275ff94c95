import { BehaviorSubject, NEVER, Subject, VirtualTimeScheduler } from 'rxjs';
import { discoverNodes, type DiscoverNodesOptions } from '../../lib/sources/discover-nodes.js';
import type { SourceNode, SourceSecurity } from '../../lib/sources/node-source.js';
import { formatEndpoint, parseEndpoint, type Endpoint } from '../../lib/topology/endpoint.js';
import type { NodeReport, Observation } from '../../lib/topology/observation.js';

type ProbeResult =
  | { readonly kind: 'answered'; readonly report: NodeReport }
  | { readonly kind: 'faulty'; readonly fault: 'REFUSED'; readonly message: string };

/** A running discovery: its lists of nodes, and functions that feed it observations. */
export function discover(
  seeds: readonly string[],
  options?: DiscoverNodesOptions,
  security?: SourceSecurity,
) {
  const observations$ = new Subject<Observation>();
  const seeking$ = new BehaviorSubject(false);
  const lists: (readonly SourceNode[])[] = [];
  const notes: string[] = [];
  const errors: unknown[] = [];
  const raised = new Set<string>();
  discoverNodes(
    seeds,
    options,
  )({
    observations$,
    signals$: NEVER,
    seeking$,
    scheduler: new VirtualTimeScheduler(),
    security,
    notices: {
      raise: (topic, text) => {
        if (raised.size < raised.add(topic).size) notes.push(`${topic}: ${text}`);
      },
      end: (topic, text) => {
        if (raised.delete(topic)) notes.push(`${topic} ended: ${text}`);
      },
    },
  }).subscribe({ next: (list) => lists.push(list), error: (error) => errors.push(error) });
  let at = 0;
  const observe = (endpoint: Endpoint, result: ProbeResult) => {
    at += 1;
    observations$.next({ endpoint, at, signal: { kind: 'poll', at }, ...result });
  };
  const answer = (node: string, report: NodeReport) =>
    observe(parseEndpoint(node), { kind: 'answered', report });
  const nodes = () => lists.at(-1) ?? [];
  return {
    lists,
    notes,
    errors,
    nodes,
    names: () => nodes().map(formatEndpoint).toSorted(),
    /** How a node is listed. */
    node: (name: string) => nodes().find((each) => formatEndpoint(each) === name),
    answer,
    reports: (node: string, role: NodeReport['role'], ...named: string[]) =>
      answer(node, { role, named: named.map(parseEndpoint) }),
    /** A replica with the history `group`, which was told to replicate from `master`. */
    follows: (node: string, master: string, ...named: string[]) =>
      answer(node, {
        role: 'replica',
        history: { id: 'group' },
        follows: parseEndpoint(master),
        named: [master, ...named].map(parseEndpoint),
      }),
    /** A master with the history `group`. */
    leads: (node: string, ...named: string[]) =>
      answer(node, { role: 'master', history: { id: 'group' }, named: named.map(parseEndpoint) }),
    isSilent: (node: string) =>
      observe(parseEndpoint(node), { kind: 'faulty', fault: 'REFUSED', message: 'refused' }),
    seek: (isSeeking: boolean) => seeking$.next(isSeeking),
    pass: (ms: number) => (at += ms),
  };
}
