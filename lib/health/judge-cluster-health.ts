import { describeSlots, type ClusterTopology, type ShardTopology } from '../cluster/cluster-topology.js';
import {
  judgeHealth,
  type HealthPolicy,
  type HealthVerdict,
  type UnwritableReason,
  type WritableHealth,
  type WriteProbe,
} from './judge-health.js';

/**
 * The state of a cluster as the health endpoint shows it.
 *
 * @publicApi
 */
export interface WritableClusterHealth {
  readonly topology: ClusterTopology['kind'];
  /** The slowest of all test writes that were accepted, in milliseconds. */
  readonly latencyMs: number | null;
  readonly shards: readonly ShardHealth[];
  /** Of the first shard that is not writable or degraded; `NO_MASTER` if a slot belongs to no shard. */
  readonly reason?: UnwritableReason;
  /** Names each shard that is not writable or degraded, and says why. */
  readonly message?: string;
}

/** @publicApi */
export interface ShardHealth extends WritableHealth {
  /** Such as `0-5460`. */
  readonly slots: string;
  readonly status: HealthVerdict['status'];
}

export interface ClusterHealthVerdict {
  readonly status: HealthVerdict['status'];
  readonly data: WritableClusterHealth;
}

/** A shard and the attempt to write on it. */
export interface ProbedShard {
  readonly shard: ShardTopology;
  readonly probe: WriteProbe;
}

/** Judges the health of a cluster: it is as healthy as its least healthy shard. */
export function judgeClusterHealth(
  topology: ClusterTopology,
  probed: readonly ProbedShard[],
  policy: HealthPolicy,
): ClusterHealthVerdict {
  const shards = probed.map((each) => judgeShard(each, policy));
  const ill = shards.filter(({ status }) => status !== 'up');
  const isDown = topology.unassignedSlots > 0 || ill.some(({ status }) => status === 'down');
  const reason = topology.unassignedSlots > 0 ? 'NO_MASTER' : reasonOf(ill);
  const message = [
    ...describeUnassigned(topology),
    ...ill.map(({ slots, message: why }) => `shard ${slots}: ${why ?? 'not writable'}`),
  ].join('; ');
  return {
    status: isDown ? 'down' : ill.length > 0 ? 'degraded' : 'up',
    data: {
      topology: topology.kind,
      latencyMs: slowest(shards),
      shards,
      ...(reason !== undefined && { reason }),
      ...(message !== '' && { message }),
    },
  };
}

function judgeShard({ shard, probe }: ProbedShard, policy: HealthPolicy): ShardHealth {
  const { status, data } = judgeHealth(shard.topology, probe, policy);
  const slots = describeSlots(shard.slots);
  const count = shard.migratingSlots.length;
  return status === 'up' && count > 0
    ? { slots, status: 'degraded', ...data, message: `${count} of its slots are being moved` }
    : { slots, status, ...data };
}

/** What makes it `down` counts before what makes it `degraded`. */
function reasonOf(ill: readonly ShardHealth[]): UnwritableReason | undefined {
  return (ill.find(({ status }) => status === 'down') ?? ill[0])?.reason;
}

function describeUnassigned({ kind, unassignedSlots }: ClusterTopology): readonly string[] {
  if (kind === 'unknown') {
    return ['no node has told the slots of the cluster yet'];
  }
  return unassignedSlots > 0 ? [`${unassignedSlots} slots belong to no shard`] : [];
}

function slowest(shards: readonly ShardHealth[]): number | null {
  const latencies = shards.flatMap(({ latencyMs }) => latencyMs ?? []);
  return latencies.length === 0 ? null : Math.max(...latencies);
}
