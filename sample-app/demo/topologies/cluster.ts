import { slotOf } from '../../../lib/cluster/slots.js';
import { startCluster, type ClusterGroup } from '../../../test/support/cluster-group.js';
import { keyOf } from '../../notes/note.js';
import { strike } from './promotions.js';
import type { DemoTopology, FailoverKind, Roles } from './topology.js';

/** The app is told two of six nodes; one shard fails over while the others go on. */
export async function startDemoCluster(): Promise<DemoTopology> {
  const group = await startCluster({ elections: true });
  const [first, second] = group.endpoints;
  return {
    description: [
      `Redis     three masters ${group.endpoints.slice(0, 3).join(', ')}, a replica of each ${group.endpoints.slice(3).join(', ')}`,
    ],
    environment: { REDIS_CLUSTER: `${first},${second}` },
    failoverKinds: failoversOfShards(group),
    stop: () => group.stop(),
  };
}

const shardOfGroup = (group: ClusterGroup, index: number) => ({
  roles: () => rolesOfShard(group, index),
  serves: (note: string) => shardOf(note) === index,
});

/** Each of another shard, because Redis may undo the promotion of a node that was promoted a few seconds before. */
function failoversOfShards(group: ClusterGroup): readonly FailoverKind[] {
  return [
    {
      name: 'handed over',
      ...shardOfGroup(group, 0),
      failOver: strike(({ to }) => to.command('CLUSTER', 'FAILOVER')),
      heal: () => group.whenSettled(),
    },
    {
      name: 'killed master',
      ...shardOfGroup(group, 1),
      failOver: strike(({ from }) => from.kill()),
      async heal({ from }) {
        await from.restart();
        await group.whenSettled();
      },
    },
    {
      name: 'hung master',
      ...shardOfGroup(group, 2),
      failOver: strike(async ({ from }) => from.hang()),
      async heal({ from }) {
        from.resume();
        await group.whenSettled();
      },
    },
  ];
}

/** Slots are spread evenly over three shards. */
const SHARDS = 3;
const SLOTS = 16_384;

function shardOf(note: string): number {
  return Math.floor((slotOf(keyOf(note)) * SHARDS) / SLOTS);
}

async function rolesOfShard(group: ClusterGroup, index: number): Promise<Roles> {
  const from = await group.masterOfSlot(Math.floor(((index + 0.5) * SLOTS) / SHARDS));
  const [to, ...others] = await group.replicasOf(from);
  if (to === undefined) throw new Error('A shard needs a replica to fail over to.');
  return { from, to, others };
}
