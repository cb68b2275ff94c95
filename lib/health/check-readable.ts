import type { Instance } from '../nest/find-instance.js';
import { inTime, keyForShard, latestOf, shardConnection } from './instance-probes.js';
import { judgeClusterReadable, type ReadableClusterVerdict } from './judge-cluster-readable.js';
import { judgeReadable, type ReadableVerdict } from './judge-readable.js';
import { nodeOf, probeRead } from './probe-connection.js';

interface Limits {
  readonly limitMs: number;
  readonly maxLagBytes: number | undefined;
}

/** Tries to read, on every shard of a cluster at once, and judges what came of it. Takes at most `limitMs`. */
export async function checkReadable(
  instance: Instance,
  { limitMs, maxLagBytes }: Limits,
): Promise<ReadableVerdict | ReadableClusterVerdict> {
  const { probeKey } = instance.replication.options;
  if (instance.kind === 'group') {
    const { replication, reader } = instance;
    const options = inTime(replication, limitMs, () => nodeOf(reader));
    const probe = await probeRead(reader, { key: probeKey, ...options });
    const attempt = { probe, node: nodeOf(reader), probeKey, maxLagBytes };
    return judgeReadable(replication.latest, attempt);
  }
  const { replication, reader } = instance;
  const attempts = await Promise.all(
    replication.latest.shards.map(async (shard) => {
      const connection = shardConnection(reader, shard);
      const options = inTime(replication, limitMs, () => nodeOf(connection));
      const probe = await probeRead(connection, { key: keyForShard(replication, shard), ...options });
      const attempt = { probe, node: nodeOf(connection), probeKey, maxLagBytes };
      return { shard: latestOf(replication, shard), attempt };
    }),
  );
  return judgeClusterReadable(replication.latest, attempts);
}
