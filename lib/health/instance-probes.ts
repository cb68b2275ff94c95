import type { Cluster, Redis } from 'ioredis';
import { monotonicMs } from '../clock/clock.js';
import type { ShardTopology } from '../cluster/cluster-topology.js';
import { FollowingCluster } from '../cluster/following-cluster.js';
import { keyIn } from '../cluster/slots.js';
import type { ClusterReplication } from '../nest/cluster-replication.js';
import type { Replication } from '../nest/replication.js';
import type { ProbeOptions } from './probe-connection.js';

/** `node` tells which one has to answer; it may change during the probe. */
export function inTime(
  replication: Replication | ClusterReplication,
  limitMs: number,
  node: () => string | undefined,
): Omit<ProbeOptions, 'key'> {
  const startedAt = monotonicMs();
  return {
    limitMs,
    probeNodes: () => replication.probe(),
    isAnswering: () => {
      const endpoint = node();
      return endpoint !== undefined && replication.hasAnsweredSince(endpoint, startedAt);
    },
  };
}

/** A key of which the hash slot belongs to the shard. */
export function keyForShard({ options }: ClusterReplication, { slots }: ShardTopology): string {
  return keyIn(slots, `${options.redis.keyPrefix ?? ''}${options.probeKey}`);
}

/** What is known of the shard by now. */
export function latestOf({ latest }: ClusterReplication, shard: ShardTopology): ShardTopology {
  return latest.shards.find(({ id }) => id === shard.id) ?? shard;
}

/** A test may have replaced the connection with a plain cluster of ioredis, which finds the shard by the key. */
export function shardConnection(cluster: Cluster, { id }: ShardTopology): Redis | Cluster {
  return cluster instanceof FollowingCluster ? (cluster.connectionTo(id) ?? cluster) : cluster;
}
