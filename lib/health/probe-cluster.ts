import type { Cluster } from 'ioredis';
import { monotonicMs } from '../clock/clock.js';
import { FollowingCluster } from '../cluster/following-cluster.js';
import { keyIn } from '../cluster/slots.js';
import type { ClusterReplication } from '../nest/cluster-replication.js';
import { masterOf } from '../topology/topology.js';
import type { ProbedShard } from './judge-cluster-health.js';
import { probeWrite } from './probe-write.js';

/** Tries to write on every shard at once, without changing anything. Takes at most `limitMs` and never throws. */
export async function probeShards(
  replication: ClusterReplication,
  writer: Cluster,
  limitMs: number,
): Promise<readonly ProbedShard[]> {
  const { redis, probeKey } = replication.options;
  const startedAt = monotonicMs();
  return Promise.all(
    replication.latest.shards.map(async (shard) => {
      const isAnswering = () => {
        const now = replication.latest.shards.find(({ id }) => id === shard.id) ?? shard;
        const master = masterOf(now.topology);
        return master !== undefined && replication.hasAnsweredSince(master, startedAt);
      };
      const probe = await probeWrite(connectionTo(writer, shard.id), {
        key: keyIn(shard.slots, `${redis.keyPrefix ?? ''}${probeKey}`),
        limitMs,
        probeNodes: () => replication.probe(),
        isAnswering,
      });
      return { shard, probe };
    }),
  );
}

/** A test may have replaced the writer with a plain cluster of ioredis, which finds the shard by the key. */
function connectionTo(writer: Cluster, shardId: string) {
  return writer instanceof FollowingCluster ? (writer.connectionTo(shardId) ?? writer) : writer;
}
