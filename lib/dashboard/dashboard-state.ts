import type { ShardTopology } from '../cluster/cluster-topology.js';
import type { ConnectionCounts, HeldNow } from '../connections/outcomes/ledger.js';
import { shardConnection } from '../health/instance-probes.js';
import { nodeOf } from '../health/probe-connection.js';
import type { FailoverRecord } from '../history/failover-record.js';
import type { Instance } from '../nest/find-instance.js';
import type { Topology } from '../topology/topology.js';

/** What the page shows of one replication group, or of one shard. */
export interface GroupState {
  /** Redis Cluster: which shard it is. */
  readonly shard?: Omit<ShardTopology, 'topology'>;
  readonly topology: Topology;
  /** The node that the reader uses; absent while there is none. */
  readonly reader?: string;
  readonly held: HeldNow;
}

/** The state of one instance. */
export interface InstanceState {
  readonly kind: 'group' | 'cluster';
  /** The kind of the topology. */
  readonly state: string;
  /** Redis Cluster: how many slots belong to no shard. */
  readonly unassignedSlots?: number;
  /** One, or one for each shard. */
  readonly groups: readonly GroupState[];
  /** On all connections. */
  readonly held: HeldNow;
}

/** A failover as the page shows it. What each node said then would be most of the bytes. */
export type ShownFailover = Omit<FailoverRecord, 'nodes'>;

export function readState(instance: Instance): InstanceState {
  const counts = instance.replication.ledger.counts();
  if (instance.kind === 'group') {
    const topology = instance.replication.latest;
    const group = { topology, ...readerOn(instance.reader), held: addHeld(counts) };
    return { kind: 'group', state: topology.kind, groups: [group], held: group.held };
  }
  const { kind, shards, unassignedSlots } = instance.replication.latest;
  return {
    kind: 'cluster',
    state: kind,
    unassignedSlots,
    groups: shards.map((found) => {
      const { topology, ...shard } = found;
      const held = addHeld(counts.filter((each) => each.shard === shard.id));
      return { shard, topology, ...readerOn(shardConnection(instance.reader, found)), held };
    }),
    held: addHeld(counts),
  };
}

/** The newest first. */
export function readFailovers({ failovers }: Instance): readonly ShownFailover[] {
  return failovers.failovers.toReversed().map(({ nodes: _nodes, ...shown }) => shown);
}

function readerOn(reader: object): { readonly reader?: string } {
  const node = nodeOf(reader);
  return node === undefined ? {} : { reader: node };
}

export function addHeld(counts: readonly Pick<ConnectionCounts, 'held'>[]): HeldNow {
  const ages = counts.flatMap(({ held }) => held.oldestMs ?? []);
  return {
    commands: counts.reduce((sum, { held }) => sum + held.commands, 0),
    bytes: counts.reduce((sum, { held }) => sum + held.bytes, 0),
    ...(ages.length > 0 && { oldestMs: Math.round(Math.max(...ages)) }),
  };
}
