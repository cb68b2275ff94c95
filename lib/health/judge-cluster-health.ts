import { describeSlots, type ClusterTopology, type ShardTopology } from '../cluster/cluster-topology.js';
import { combineShards } from './combine-shards.js';
import {
  judgeHealth,
  type HealthPolicy,
  type HealthVerdict,
  type UnwritableReason,
  type WritableHealth,
} from './judge-health.js';
import type { ConnectionProbe } from './probe-connection.js';

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
  readonly probe: ConnectionProbe;
}

/** Judges the health of a cluster: it is as healthy as its least healthy shard. */
export function judgeClusterHealth(
  topology: ClusterTopology,
  probed: readonly ProbedShard[],
  policy: HealthPolicy,
): ClusterHealthVerdict {
  const shards = probed.map((each) => judgeShard(each, policy));
  return combineShards<UnwritableReason, ShardHealth>(topology, shards, 'NO_MASTER');
}

function judgeShard({ shard, probe }: ProbedShard, policy: HealthPolicy): ShardHealth {
  const { status, data } = judgeHealth(shard.topology, probe, policy);
  const slots = describeSlots(shard.slots);
  const count = shard.migratingSlots.length;
  return status === 'up' && count > 0
    ? { slots, status: 'degraded', ...data, message: `${count} of its slots are being moved` }
    : { slots, status, ...data };
}
