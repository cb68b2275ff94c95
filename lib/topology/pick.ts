import { findNode, masterOf, type Topology, type TopologyNode } from './topology.js';

/** Whom a connection uses at this moment. A new topology gives a new pick. */
export type Pick =
  | { readonly kind: 'use'; readonly node: TopologyNode; readonly role: 'master' | 'replica' }
  /** With `stay`, the node in use is still the right one: its connection is kept, and nothing is written on it. */
  | { readonly kind: 'wait'; readonly reason: string; readonly stay?: true };

/**
 * Which nodes a reader uses, best first.
 *
 * - `master`: the master only.
 * - `replica`: replicas only; reads wait while there is none.
 * - `replicaPreferred`: replicas, else the master.
 * - `masterPreferred`: the master, else replicas.
 * - `any`: master and replicas alike.
 *
 * @publicApi
 */
export type ReadFrom = (typeof readPolicies)[number];

export const readPolicies = ['master', 'replica', 'replicaPreferred', 'masterPreferred', 'any'] as const;

/** The endpoint in use after this pick. */
export function endpointOf(pick: Pick): string | undefined {
  return pick.kind === 'use' ? pick.node.endpoint : undefined;
}

/** When a node may be written to. */
export interface WriterPolicy {
  /** Only while more than half of the known nodes can be reached and agree who is the master. */
  readonly requireMajority: boolean;
}

/** The node writes go to. */
export function pickWriter(topology: Topology, policy: WriterPolicy): Pick {
  const [node] = masterTier(topology);
  if (node === undefined) {
    return { kind: 'wait', reason: whyWait(topology) };
  }
  const reason = whyNoMajority(topology, policy);
  return reason === undefined ? { kind: 'use', node, role: 'master' } : { kind: 'wait', reason, stay: true };
}

/**
 * Why the majority of the nodes cannot be counted on, in words for an operator; `undefined` where it can, where none is
 * asked for, and where there is no master to agree on. Replicas agree, unless they are in step with
 * somebody else: one that an heir out of sight has filled anew does not remember this master.
 */
export function whyNoMajority(topology: Topology, { requireMajority }: WriterPolicy): string | undefined {
  const master = masterOf(topology);
  const known = topology.nodes.length;
  const agreeing = topology.nodes.filter(
    (node) => node.kind === 'master' || (node.kind === 'replica' && node.astray !== true),
  ).length;
  return requireMajority && master !== undefined && agreeing * 2 <= known
    ? `only ${agreeing} of ${known} nodes can be reached and agree that ${master} is the master`
    : undefined;
}

interface ReaderChoice {
  readonly readFrom: ReadFrom;
  /** The endpoint in use: kept as long as there is no better tier, so that connections do not wander. */
  readonly current: string | undefined;
  /** From 0 up to, not including, 1. */
  readonly random: number;
}

/** The node reads go to: any of the best tier that is not empty, so that a fleet of apps spreads. */
export function pickReader(topology: Topology, { readFrom, current, random }: ReaderChoice): Pick {
  if (topology.kind === 'unknown') {
    // The first replica to answer would get the readers of all apps that start together.
    return { kind: 'wait', reason: whyWait(topology) };
  }
  const tier = readerTiers(topology, readFrom, current).find((nodes) => nodes.length > 0) ?? [];
  const node = tier.find(({ endpoint }) => endpoint === current) ?? tier[Math.floor(random * tier.length)];
  if (node === undefined) {
    return { kind: 'wait', reason: whyWait(topology) };
  }
  return { kind: 'use', node, role: node.endpoint === masterOf(topology) ? 'master' : 'replica' };
}

/** All replicas that answer: one of them may be promoted next. */
export function replicasIn({ nodes }: Topology): readonly TopologyNode[] {
  return nodes.filter(({ kind }) => kind === 'replica');
}

/** Replicas that serve the data of the accepted master and keep up with it. */
export function usableReplicas(topology: Topology): readonly TopologyNode[] {
  return topology.nodes.filter((node) => node.kind === 'replica' && isFresh(node));
}

/** Why commands wait, in words for an operator. */
export function whyWait(topology: Topology): string {
  switch (topology.kind) {
    case 'unknown':
      return 'not every node has been looked at yet';
    case 'masterless':
      return `no node is a master: ${topology.nodes.map(describeNode).join(', ') || 'the list of nodes is empty'}`;
    case 'contested':
      return describeContest(topology);
    case 'steady':
      return `no replica is usable among ${topology.nodes.map(describeNode).join(', ')}`;
    default:
      return topology satisfies never;
  }
}

function describeContest(topology: Topology & { readonly kind: 'contested' }): string {
  const { claimants, nodes } = topology;
  const names = claimants.join(' and ');
  if (claimants.length > 1) {
    return `${names} say master, and history cannot tell which one is the heir`;
  }
  return nodes.some(({ kind }) => kind === 'stale')
    ? `${names} says master, but the history of another node shows that it was superseded`
    : `${names} says master, but history does not show it to be the heir`;
}

function describeNode(node: TopologyNode): string {
  switch (node.kind) {
    case 'unusable':
      return `${node.endpoint} (${node.fault}: ${node.message})`;
    case 'pending':
      return `${node.endpoint} (not looked at yet)`;
    default:
      return `${node.endpoint} (${node.kind}${node.link === undefined ? '' : `, link ${node.link}`})`;
  }
}

/**
 * A replica whose link is down or that follows another master is the last resort, not excluded: each replica of a
 * dead master is link-down until one is promoted, and reads matter most just then.
 */
function readerTiers(
  topology: Topology,
  readFrom: ReadFrom,
  current: string | undefined,
): readonly (readonly TopologyNode[])[] {
  const master = masterTier(topology);
  const serving = topology.nodes.filter((node) => node.kind === 'replica' && node.link !== 'syncing');
  // Without a master, one replica after the other is seen to have lost it: no reason to move from the one to the other.
  // With a new one, a replica gets the time to be looked at: most follow it at once.
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
