import { combineLatest, distinctUntilChanged, map } from 'rxjs';
import { aFunction, durationMs, findFaults, text, throwFaults } from '../options/rules.js';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import type { NodeSource, SourceNode } from './node-source.js';
import { needTcp, readEndpoint } from './read-endpoints.js';
import {
  lookupAll,
  MIN_RESOLVE_GAP_MS,
  resolveName,
  type ResolvedAddress,
  type ResolvedNode,
} from './resolve-name.js';

const rules = { reader: text, resolveIntervalMs: durationMs(MIN_RESOLVE_GAP_MS), lookup: aFunction };

/** @publicApi */
export interface PrimaryEndpointOptions {
  /** A second name, `host:port`, for the replicas. If it resolves to the master, no second node is added. */
  readonly reader?: string;
  /**
   * How often the names are resolved if there is no signal, in milliseconds (100 to 2147483647). Default 2000. A name whose
   * addresses come with a time to live is not resolved again before that is over, or a minute. A signal does not wait.
   */
  readonly resolveIntervalMs?: number;
  /**
   * Resolves a name to all its addresses, with their time to live where it is known, such as
   * `(hostname) => resolver.resolve4(hostname, { ttl: true })` with a `Resolver` of `node:dns/promises`. Default:
   * `dns.promises.lookup` of Node.js with the option `all`, which knows no time to live.
   */
  readonly lookup?: (hostname: string) => Promise<readonly (string | ResolvedAddress)[]>;
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
  const names = [
    nameFrom('primaryEndpoint: the name', primary),
    ...(reader === undefined ? [] : [nameFrom('primaryEndpoint: option "reader"', reader)]),
  ];
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

function nameFrom(subject: string, name: string): Endpoint {
  return needTcp(subject, readEndpoint(subject, name));
}

/** M19: the primary name leads to this address now. An address that the user gave leads nowhere else, so it says nothing. */
function intend({ node, answer }: ResolvedNode): ResolvedNode {
  return answer === 'current' ? { node: { ...node, intended: 'master' }, answer } : { node, answer };
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
