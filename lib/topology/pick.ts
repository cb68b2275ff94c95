import { findNode, masterOf, type Topology, type TopologyNode } from './topology.js';

/** Whom a connection uses at this moment. A new topology gives a new pick. */
export type Pick =
  | { readonly kind: 'use'; readonly node: TopologyNode; readonly role: 'master' | 'replica' }
  | { readonly kind: 'wait'; readonly reason: string };

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

/** The node writes go to. */
export function pickWriter(topology: Topology): Pick {
  const [node] = masterTier(topology);
  return node === undefined
    ? { kind: 'wait', reason: whyWait(topology) }
    : { kind: 'use', node, role: 'master' };
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
  const tier = readerTiers(topology, readFrom).find((nodes) => nodes.length > 0) ?? [];
  const node = tier.find(({ endpoint }) => endpoint === current) ?? tier[Math.floor(random * tier.length)];
  if (node === undefined) {
    return { kind: 'wait', reason: whyWait(topology) };
  }
  return { kind: 'use', node, role: node.endpoint === masterOf(topology) ? 'master' : 'replica' };
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
      return topology.claimants.length > 1
        ? `${topology.claimants.join(' and ')} say master, and history cannot tell which one is the heir`
        : `${topology.claimants.join()} says master, but history does not show it to be the heir`;
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
      return `${node.endpoint} (not looked at yet)`;
    default:
      return `${node.endpoint} (${node.kind}${node.link === undefined ? '' : `, link ${node.link}`})`;
  }
}

/**
 * A replica whose link is down or that follows another master is the last resort, not excluded: each replica of a
 * dead master is link-down until one is promoted, and reads matter most just then.
 */
function readerTiers(topology: Topology, readFrom: ReadFrom): readonly (readonly TopologyNode[])[] {
  const master = masterTier(topology);
  const fresh = usableReplicas(topology);
  const cutOff = topology.nodes.filter(
    (node) => node.kind === 'replica' && node.link !== 'syncing' && !isFresh(node),
  );
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

function isFresh(node: TopologyNode): boolean {
  return node.kind === 'replica' && (node.link ?? 'up') === 'up' && node.following !== false;
}
