import { BehaviorSubject, NEVER, Subject, VirtualTimeScheduler } from 'rxjs';
import { discoverNodes, type DiscoverNodesOptions } from '../../lib/sources/discover-nodes.js';
import type { SourceNode, SourceSecurity } from '../../lib/sources/node-source.js';
import { formatEndpoint, parseEndpoint } from '../../lib/topology/endpoint.js';
import type { LogLine } from '../../lib/topology/log-line.js';
import type { NodeReport, Observation } from '../../lib/topology/observation.js';
import { textOf } from '../support/text-of.js';

type ProbeResult =
  | { readonly kind: 'answered'; readonly report: NodeReport }
  | { readonly kind: 'faulty'; readonly fault: 'REFUSED'; readonly message: string };

/** A running discovery: its lists of nodes, and functions that feed it observations. */
export function discover(
  seeds: readonly string[],
  options?: DiscoverNodesOptions,
  security?: SourceSecurity,
) {
  const { notes, notices } = recordNotices();
  const observations$ = new Subject<Observation>();
  const seeking$ = new BehaviorSubject(false);
  const lists: (readonly SourceNode[])[] = [];
  const errors: unknown[] = [];
  const scheduler = new VirtualTimeScheduler();
  const context = { observations$, signals$: NEVER, seeking$, scheduler, security, notices };
  discoverNodes(
    seeds,
    options,
  )(context).subscribe({ next: (list) => lists.push(list), error: (error) => errors.push(error) });
  const nodes = () => lists.at(-1) ?? [];
  return {
    lists,
    notes,
    errors,
    nodes,
    names: () => nodes().map(formatEndpoint).toSorted(),
    /** How a node is listed. */
    node: (name: string) => nodes().find((each) => formatEndpoint(each) === name),
    seek: (isSeeking: boolean) => seeking$.next(isSeeking),
    ...feed(observations$),
  };
}

/** Functions by which nodes answer or are silent, each a millisecond after the one before. */
function feed(observations$: Subject<Observation>) {
  let at = 0;
  const observe = (node: string, result: ProbeResult) => {
    at += 1;
    observations$.next({ endpoint: parseEndpoint(node), at, signal: { kind: 'poll', at }, ...result });
  };
  const answer = (node: string, report: NodeReport) => observe(node, { kind: 'answered', report });
  const history = { id: 'group' };
  return {
    answer,
    reports: (node: string, role: NodeReport['role'], ...named: string[]) =>
      answer(node, { role, named: named.map(parseEndpoint) }),
    /** A replica with the history `group`, which was told to replicate from `master`. */
    follows: (node: string, master: string, ...named: string[]) =>
      answer(node, {
        role: 'replica',
        history,
        follows: parseEndpoint(master),
        named: [master, ...named].map(parseEndpoint),
      }),
    /** A master with the history `group`. */
    leads: (node: string, ...named: string[]) =>
      answer(node, { role: 'master', history, named: named.map(parseEndpoint) }),
    isSilent: (node: string) => observe(node, { kind: 'faulty', fault: 'REFUSED', message: 'refused' }),
    pass: (ms: number) => (at += ms),
  };
}

function recordNotices() {
  const notes: string[] = [];
  const raised = new Set<string>();
  return {
    notes,
    notices: {
      raise: (topic: string, told: string | LogLine) => {
        if (raised.size < raised.add(topic).size) notes.push(`${topic}: ${textOf(told)}`);
      },
      end: (topic: string, told: string | LogLine) => {
        if (raised.delete(topic)) notes.push(`${topic} ended: ${textOf(told)}`);
      },
    },
  };
}
