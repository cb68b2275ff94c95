import { whatEnds, whyContested } from './describe-contest.js';
import { findNode, masterOf, type Topology, type TopologyNode } from './topology.js';

/** The node that a connection uses, or why it waits. Each new topology gives a new pick. */
export type Pick =
  | { readonly kind: 'use'; readonly node: TopologyNode; readonly role: 'master' | 'replica' }
  /** With `stay`, the node in use is still the right one: its connection is kept, but nothing is written to it. */
  | { readonly kind: 'wait'; readonly reason: string; readonly stay?: true };

/**
 * Which nodes a reader uses, best first.
 *
 * - `master`: the master only.
 * - `replica`: replicas only; reads wait while there is none.
 * - `replicaPreferred`: a replica; the master if there is none.
 * - `masterPreferred`: the master; a replica while there is none.
 * - `any`: the master or a replica; each node has the same chance.
 *
 * @publicApi
 */
export type ReadFrom = (typeof readPolicies)[number];

export const readPolicies = ['master', 'replica', 'replicaPreferred', 'masterPreferred', 'any'] as const;

export function endpointOf(pick: Pick): string | undefined {
  return pick.kind === 'use' ? pick.node.endpoint : undefined;
}

/** When a node may be written to. */
export interface WriterPolicy {
  /** Write only while more than half of the known nodes can be reached and agree on the master. */
  readonly requireMajority: boolean;
}

/** M17: without a required majority the writer waits, and the master stays the master. */
export function pickWriter(topology: Topology, policy: WriterPolicy): Pick {
  const [node] = masterTier(topology);
  if (node === undefined) {
    return { kind: 'wait', reason: whyWait(topology) };
  }
  const reason = whyNoMajority(topology, policy);
  return reason === undefined ? { kind: 'use', node, role: 'master' } : { kind: 'wait', reason, stay: true };
}

/** How many nodes agree on the master, of how many. */
export function countAgreeing(topology: Topology): { readonly agreeing: number; readonly known: number } {
  const agreeing = topology.nodes.filter(
    (node) => node.kind === 'master' || (node.kind === 'replica' && node.astray !== true),
  );
  return { agreeing: agreeing.length, known: topology.servers ?? topology.nodes.length };
}

/**
 * M17: why there is no majority for the master, as a text for an operator; `undefined` if there is one, if none is required,
 * or if there is no master to agree on. A replica counts as agreeing unless it is astray: an heir that we cannot reach may
 * have given it a full sync, after which it no longer knows this master.
 */
export function whyNoMajority(topology: Topology, { requireMajority }: WriterPolicy): string | undefined {
  const master = masterOf(topology);
  const { agreeing, known } = countAgreeing(topology);
  return requireMajority && master !== undefined && agreeing * 2 <= known
    ? `only ${agreeing} of ${known} nodes can be reached and agree that ${master} is the master`
    : undefined;
}

interface ReaderChoice {
  readonly readFrom: ReadFrom;
  /** The endpoint in use. It is kept until a better tier has a node, because each move costs a new connection. */
  readonly current: string | undefined;
  /** From 0 up to, not including, 1. */
  readonly random: number;
}

/** A random node of the best tier that is not empty, so that the readers of a fleet spread over the nodes. */
export function pickReader(topology: Topology, { readFrom, current, random }: ReaderChoice): Pick {
  if (topology.kind === 'unknown') {
    // Otherwise all apps that start together would read from the first replica to answer.
    return { kind: 'wait', reason: whyWait(topology) };
  }
  const tier = readerTiers(topology, readFrom, current).find((nodes) => nodes.length > 0) ?? [];
  const node = tier.find(({ endpoint }) => endpoint === current) ?? tier[Math.floor(random * tier.length)];
  if (node === undefined) {
    return { kind: 'wait', reason: whyWait(topology) };
  }
  return { kind: 'use', node, role: node.endpoint === masterOf(topology) ? 'master' : 'replica' };
}

/** All replicas that answer, because any of them may be promoted next. */
export function replicasIn({ nodes }: Topology): readonly TopologyNode[] {
  return nodes.filter(({ kind }) => kind === 'replica');
}

/** Replicas that serve the data of the accepted master and keep up with it. */
export function usableReplicas(topology: Topology): readonly TopologyNode[] {
  return topology.nodes.filter((node) => node.kind === 'replica' && node.foreign !== true && isFresh(node));
}

/** Why commands wait, as a text for an operator. */
export function whyWait(topology: Topology): string {
  switch (topology.kind) {
    case 'unknown':
      return 'not every node has been probed yet';
    case 'masterless':
      return `no node is a master: ${topology.nodes.map(describeNode).join(', ') || 'the list of nodes is empty'}`;
    case 'contested':
      return topology.master === undefined
        ? `${whyContested(topology)}; ${whatEnds(topology)}`
        : whyContested(topology);
    case 'steady':
      return `no replica is usable among ${topology.nodes.map(describeNode).join(', ')}`;
    default:
      return topology satisfies never;
  }
}

function describeNode(node: TopologyNode): string {
  switch (node.kind) {
    case 'unusable':
      return `${node.endpoint} (${node.fault}: ${node.message})`;
    case 'pending':
      return `${node.endpoint} (not probed yet)`;
    default:
      return `${node.endpoint} (${[node.kind, ...describeReplica(node)].join(', ')})`;
  }
}

function describeReplica({ link, foreign }: TopologyNode & { readonly reachable: true }): readonly string[] {
  return [
    ...(link === undefined ? [] : [`link ${link}`]),
    ...(foreign === true ? ['without data of the group'] : []),
  ];
}

/**
 * A replica whose link is down is the last resort instead of being excluded: after the master dies, every link is down
 * until a replica is promoted, and reads must work meanwhile. One without data of the group is never used.
 */
function readerTiers(
  topology: Topology,
  readFrom: ReadFrom,
  current: string | undefined,
): readonly (readonly TopologyNode[])[] {
  const master = masterTier(topology);
  const serving = topology.nodes.filter(
    (node) => node.kind === 'replica' && node.link !== 'syncing' && node.foreign !== true,
  );
  // Replicas report the loss of their master one after the other, so moving between them would gain nothing.
  // After a failover the reader stays on its replica until that is probed again, because most replicas follow at once.
  const fits = (node: TopologyNode) => (isJudged(node) ? isFresh(node) : node.endpoint === current);
  const fresh = master.length === 0 ? serving : serving.filter(fits);
  const cutOff = serving.filter((node) => !fresh.includes(node));
  switch (readFrom) {
    case 'master':
      return [master];
    case 'replica':
      return [fresh, cutOff];
    case 'replicaPreferred':
      return [fresh, master, cutOff];
    case 'masterPreferred':
      return [master, fresh, cutOff];
    case 'any':
      return [[...master, ...fresh], cutOff];
    default:
      return readFrom satisfies never;
  }
}

function masterTier(topology: Topology): readonly TopologyNode[] {
  const endpoint = masterOf(topology);
  const node = endpoint === undefined ? undefined : findNode(topology, endpoint);
  return node === undefined ? [] : [node];
}

function isJudged(node: TopologyNode): boolean {
  return node.kind === 'replica' && node.following !== undefined;
}

function isFresh(node: TopologyNode): boolean {
  return node.kind === 'replica' && (node.link ?? 'up') === 'up' && node.following !== false;
}
