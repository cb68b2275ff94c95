import { describeSlots, type ClusterTopology, type ShardTopology } from '../cluster/cluster-topology.js';
import { combineShards } from './combine-shards.js';
import {
  judgeReadable,
  type ReadableHealth,
  type ReadableVerdict,
  type ReadAttempt,
  type UnreadableReason,
} from './judge-readable.js';

/**
 * The state of the reader of a cluster as the health endpoint shows it.
 *
 * @publicApi
 */
export interface ReadableClusterHealth {
  readonly topology: ClusterTopology['kind'];
  /** The slowest of all reads that were answered, in milliseconds. */
  readonly latencyMs: number | null;
  readonly shards: readonly ShardReadability[];
  /** Of the first shard that is not readable; `NO_NODE` if a slot belongs to no shard. */
  readonly reason?: UnreadableReason;
  /** Names each shard that is not readable or degraded, and says why. */
  readonly message?: string;
}

/** @publicApi */
export interface ShardReadability extends ReadableHealth {
  /** Such as `0-5460`. */
  readonly slots: string;
  readonly status: ReadableVerdict['status'];
}

export interface ReadableClusterVerdict {
  readonly status: ReadableVerdict['status'];
  readonly data: ReadableClusterHealth;
}

/** Judges the reader of a cluster: it is as healthy as on its least healthy shard. */
export function judgeClusterReadable(
  topology: ClusterTopology,
  attempts: readonly { readonly shard: ShardTopology; readonly attempt: ReadAttempt }[],
): ReadableClusterVerdict {
  const shards = attempts.map(({ shard, attempt }): ShardReadability => {
    const { status, data } = judgeReadable(shard.topology, attempt);
    return { slots: describeSlots(shard.slots), status, ...data };
  });
  return combineShards<UnreadableReason, ShardReadability>(topology, shards, 'NO_NODE');
}
