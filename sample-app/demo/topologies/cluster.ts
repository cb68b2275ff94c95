import { slotOf } from '../../../lib/cluster/slots.js';
import { startCluster, type ClusterGroup } from '../../../test/support/cluster-group.js';
import { keyOf } from '../../notes/note.js';
import { watchPromotion } from './promotions.js';
import type { DemoTopology, FailoverKind, Roles } from './topology.js';

/** The app is told two of six nodes; one shard fails over while the others go on. */
export async function startDemoCluster(): Promise<DemoTopology> {
  const group = await startCluster();
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

/** Each of another shard, because Redis may undo the promotion of a node that was promoted a few seconds before. */
function failoversOfShards(group: ClusterGroup): readonly FailoverKind[] {
  const onShard = (index: number) => ({
    roles: () => rolesOfShard(group, index),
    serves: (note: string) => shardOf(note) === index,
  });
  return [
    {
      name: 'handed over',
      ...onShard(0),
      async failOver(roles, onPromotion) {
        await roles.to.command('CLUSTER', 'FAILOVER');
        return watchPromotion(roles, onPromotion);
      },
      heal: () => group.whenSettled(),
    },
    {
      name: 'killed master',
      ...onShard(1),
      async failOver(roles, onPromotion) {
        await roles.from.kill();
        return watchPromotion(roles, onPromotion);
      },
      async heal({ from }) {
        await from.restart();
        await group.whenSettled();
      },
    },
    {
      name: 'hung master',
      ...onShard(2),
      async failOver(roles, onPromotion) {
        roles.from.hang();
        return watchPromotion(roles, onPromotion);
      },
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
