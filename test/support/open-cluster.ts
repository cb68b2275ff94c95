import type { Cluster } from 'ioredis';
import type { ClusterTopology, RedisReplicationOptions, ShardTopology } from 'nestjs-redis-replication';
import { filter, firstValueFrom } from 'rxjs';
import { onTestFinished } from 'vitest';
import { slotOf } from '../../lib/cluster/slots.js';
import { ClusterReplication } from '../../lib/nest/cluster-replication.js';
import { resolveClusterOptions } from '../../lib/nest/resolve-options.js';
import type { Report } from '../../lib/nest/log-notes.js';
import { masterOf } from '../../lib/topology/topology.js';
import { forTests } from './patience.js';

type Options = Partial<RedisReplicationOptions>;

export interface OpenCluster {
  readonly replication: ClusterReplication;
  readonly writer: Cluster;
  readonly reader: Cluster;
  /** What was reported to operators, in order. */
  readonly notes: readonly string[];
  /** Waits for the next topology that matches. */
  readonly whenTopology: (fits: (topology: ClusterTopology) => boolean) => Promise<ClusterTopology>;
  /** Waits until this node is the accepted master of the shard that serves the key. */
  readonly whenMaster: (key: string, node: { readonly endpoint: string }) => Promise<ClusterTopology>;
}

/** Writer and reader on this cluster, as the Nest module makes them, not yet connected; closed when the test is over. */
export function createCluster(
  nodes: readonly string[],
  { source: _source, cluster = { nodes }, ...options }: Options = {},
): OpenCluster {
  const notes: string[] = [];
  const report: Report = ({ text }) => notes.push(text);
  const resolved = resolveClusterOptions({ ...forTests, ...options, cluster });
  const replication = new ClusterReplication(resolved, report);
  onTestFinished(() => replication.onApplicationShutdown());
  const whenTopology = (fits: (topology: ClusterTopology) => boolean) =>
    firstValueFrom(replication.topology$.pipe(filter(fits)));
  return {
    replication,
    writer: replication.createWriter(),
    reader: replication.createReader(),
    notes,
    whenTopology,
    whenMaster: (key, { endpoint }) =>
      whenTopology((topology) => {
        const shard = shardOf(topology, key);
        return shard !== undefined && masterOf(shard.topology) === endpoint;
      }),
  };
}

/** The same, with a writer that is connected to every shard. */
export async function openCluster(nodes: readonly string[], options: Options = {}): Promise<OpenCluster> {
  const opened = createCluster(nodes, { boot: 'required', ...options });
  await opened.replication.onModuleInit();
  return opened;
}

/** The shard that serves a key. */
export function shardOf({ shards }: ClusterTopology, key: string): ShardTopology | undefined {
  const slot = slotOf(key);
  return shards.find(({ slots }) => slots.some(({ first, last }) => slot >= first && slot <= last));
}
