import type { Instance } from '../nest/find-instance.js';
import { masterOf } from '../topology/topology.js';
import { judgeClusterHealth, type ClusterHealthVerdict } from './judge-cluster-health.js';
import { judgeHealth, type HealthVerdict } from './judge-health.js';
import { probeWrite } from './probe-connection.js';
import { inTime, keyForShard, latestOf, shardConnection } from './instance-probes.js';

/** Tries to write, on every shard of a cluster at once, and judges what came of it. Takes at most `limitMs`. */
export async function checkWritable(
  instance: Instance,
  limitMs: number,
): Promise<HealthVerdict | ClusterHealthVerdict> {
  if (instance.kind === 'group') {
    const { replication, writer } = instance;
    const node = () => masterOf(replication.latest);
    const key = replication.options.probeKey;
    const probe = await probeWrite(writer, { key, ...inTime(replication, limitMs, node) });
    return judgeHealth(replication.latest, probe, replication.options);
  }
  const { replication, writer } = instance;
  const probed = await Promise.all(
    replication.latest.shards.map(async (shard) => {
      const node = () => masterOf(latestOf(replication, shard).topology);
      const probe = await probeWrite(shardConnection(writer, shard), {
        key: keyForShard(replication, shard),
        ...inTime(replication, limitMs, node),
      });
      return { shard, probe };
    }),
  );
  return judgeClusterHealth(replication.latest, probed, replication.options);
}
