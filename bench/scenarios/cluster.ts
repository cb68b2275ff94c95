import type { RedisServer } from '../../lib/testing/servers/redis-server.js';

interface Shard {
  readonly master: RedisServer;
  readonly heir: RedisServer;
}

/** One way in which a shard of a cluster gets another master. */
export interface ClusterScenario {
  readonly name: string;
  readonly failOver: (shard: Shard) => Promise<unknown>;
  /** The old master comes back, and the cluster makes it a replica. */
  readonly heal: (shard: Shard) => Promise<unknown>;
}

const nothing = () => Promise.resolve();

export const clusterScenarios: readonly ClusterScenario[] = [
  { name: 'killed master', failOver: ({ master }) => master.kill(), heal: ({ master }) => master.restart() },
  {
    name: 'master hangs',
    failOver: async ({ master }) => master.hang(),
    heal: async ({ master }) => master.resume(),
  },
  { name: 'CLUSTER FAILOVER', failOver: ({ heir }) => heir.command('CLUSTER', 'FAILOVER'), heal: nothing },
  {
    name: 'CLUSTER FAILOVER TAKEOVER',
    failOver: ({ heir }) => heir.command('CLUSTER', 'FAILOVER', 'TAKEOVER'),
    heal: nothing,
  },
];
