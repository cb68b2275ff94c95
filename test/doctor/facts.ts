import type { Facts, NodeFacts, ServerFacts, Setup } from '../../lib/doctor/facts.js';
import type { NodeFault } from '../../lib/topology/observation.js';
import type { Topology, TopologyNode } from '../../lib/topology/topology.js';

const address = { host: '10.0.0.1', port: 6379 };
const base = { endpoint: '10.0.0.1:6379', address };

export const master: TopologyNode = { ...base, kind: 'master', role: 'master', reachable: true };

export function unusable(fault: NodeFault, message = 'in the words of the observer'): TopologyNode {
  return { ...base, kind: 'unusable', reachable: false, fault, message };
}

export function replicaNode(link: 'up' | 'down' | 'syncing'): TopologyNode {
  return { ...base, kind: 'replica', role: 'replica', reachable: true, link };
}

export const server: ServerFacts = {
  info: new Map(),
  named: [],
  settings: new Map([['protected-mode', 'yes']]),
  rights: [],
  database: 'selected',
  watcher: 'works',
  channel: { kind: 'works', apps: 1 },
};

export function nodeFacts(node: TopologyNode, more: Partial<NodeFacts> = {}): NodeFacts {
  return {
    node,
    steps: [],
    reach: { kind: 'open' },
    certificates: [],
    isPaused: false,
    anonymous: 'refused',
    ...(node.reachable && { server }),
    ...more,
  };
}

const setup: Setup = {
  source: 'static',
  user: 'app',
  password: 'none',
  tls: 'off',
  database: 0,
  probeKey: 'probe',
  replyTimeoutMs: 250,
  requireMajority: false,
  minReplicas: 0,
};

export function factsOf(nodes: readonly NodeFacts[], more: Partial<Facts> = {}): Facts {
  return {
    setup,
    groups: [{ topology: topologyOf(nodes.map(({ node }) => node)) }],
    nodes,
    names: [],
    announced: [],
    sentinels: [],
    unassignedSlots: 0,
    notes: [],
    tookMs: 1,
    ...more,
  };
}

export function setupWith(change: Partial<Setup>): Pick<Facts, 'setup'> {
  return { setup: { ...setup, ...change } };
}

export function topologyOf(nodes: readonly TopologyNode[]): Topology {
  const common = { generation: 1, cause: 'start', changedAt: 0, nodes } as const;
  return nodes.includes(master)
    ? { ...common, kind: 'steady', master: master.endpoint }
    : { ...common, kind: 'masterless' };
}
