import type { Attributes } from '@opentelemetry/api';
import type { ObservedGroup } from '../nest/observed-groups.js';
import { masterOf, type Topology, type TopologyKind, type TopologyNode } from '../topology/topology.js';
import type { Observe } from './continued.js';
import { advance } from './masterless-time.js';
import type { GroupState } from './group-state.js';
import type { Instruments } from './instruments.js';
import { ADDRESS, FAULT, label, LOSS_KIND, NODE_KIND, PORT, SHARD, SIGNAL, TOPOLOGY_KIND } from './names.js';

interface Group {
  readonly group: ObservedGroup;
  readonly state: GroupState;
  readonly common: Attributes;
  /** In milliseconds of the monotonic clock. */
  readonly now: number;
}

/** The attributes of everything that is about one group: those of its instance, and the shard. */
export function ofGroup(common: Attributes, shard: string | undefined): Attributes {
  return shard === undefined ? common : { ...common, [SHARD]: shard };
}

export function observeGroupCounters(
  observe: Observe,
  { counters }: Instruments,
  { group: { topology, activity, shard }, state, common, now }: Group,
): void {
  const attributes = ofGroup(common, shard);
  const { totalMs } = advance(state.masterless, now, masterOf(topology) !== undefined);
  observe(counters.masterlessTime, totalMs / 1000, attributes);
  for (const [kind, count] of Object.entries(state.losses)) {
    observe(counters.losses, count, { ...attributes, [LOSS_KIND]: label(kind) });
  }
  for (const [signal, count] of activity.sweeps) {
    observe(counters.sweeps, count, { ...attributes, [SIGNAL]: label(signal) });
  }
  for (const [result, count] of activity.probes) {
    observe(counters.probes, count, result === 'answered' ? attributes : { ...attributes, [FAULT]: result });
  }
}

const topologyKinds: readonly TopologyKind[] = ['unknown', 'steady', 'masterless', 'contested'];
const nodeKinds: readonly TopologyNode['kind'][] = ['master', 'replica', 'stale', 'contender', 'pending'];

export function observeGroupGauges(
  observe: Observe,
  { gauges }: Instruments,
  { group: { topology, activity, shard }, state, common }: Group,
): void {
  const attributes = ofGroup(common, shard);
  for (const kind of topologyKinds) {
    observe(gauges.state, topology.kind === kind ? 1 : 0, { ...attributes, [TOPOLOGY_KIND]: kind });
  }
  observe(gauges.generation, topology.generation, attributes);
  observe(gauges.unproven, topology.unproven === undefined ? 0 : 1, attributes);
  for (const [key, count] of countNodes(topology)) {
    const [kind, fault] = key.split(' ');
    const which = { ...attributes, [NODE_KIND]: kind, ...(fault !== undefined && { [FAULT]: fault }) };
    observe(gauges.nodes, count, which);
  }
  for (const node of topology.nodes.filter(({ kind }) => kind === 'replica')) {
    const which = { ...attributes, ...addressOf(node.endpoint) };
    if ('lagBytes' in node && node.lagBytes !== undefined) {
      observe(gauges.lagBytes, node.lagBytes, which);
      observe(gauges.lagTime, (state.lag.behindMs.get(node.endpoint) ?? 0) / 1000, which);
    }
  }
  for (const [endpoint, fleet] of activity.fleets) {
    if (fleet.kind !== 'unknown') {
      observe(gauges.fleet, fleet.size, { ...attributes, ...addressOf(endpoint) });
    }
  }
}

/** By kind and, for an unusable node, fault. */
function countNodes({ nodes }: Topology): ReadonlyMap<string, number> {
  const counts = new Map<string, number>(nodeKinds.map((kind) => [kind, 0]));
  for (const node of nodes) {
    const key = node.kind === 'unusable' ? `unusable ${node.fault}` : node.kind;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** The last colon, because the host may be an IPv6 address. */
function addressOf(endpoint: string): Attributes {
  const colon = endpoint.lastIndexOf(':');
  const host = endpoint.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { [ADDRESS]: host, [PORT]: Number(endpoint.slice(colon + 1)) };
}
