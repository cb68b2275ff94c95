import { follow } from '../../../lib/testing/servers/replication.js';
import { startSentinels, type SentinelGroup } from '../../../lib/testing/servers/sentinel-group.js';
import { startGroup, type ServerGroup } from '../../../lib/testing/servers/server-group.js';
import { describeGroup } from './describe-group.js';
import { groupRoles } from './group-roles.js';
import { strike } from './promotions.js';
import type { DemoTopology, FailoverKind, Roles } from './topology.js';

/** The app is told the Sentinels only, and they promote. */
export async function startSentinel(): Promise<DemoTopology> {
  const group = await startGroup();
  const sentinels = await startSentinels(group, { downAfterMs: 1500, failoverTimeoutMs: 10_000 });
  return {
    description: [describeGroup(group), `Sentinels ${sentinels.endpoints.join(', ')}`],
    environment: { REDIS_SENTINELS: sentinels.endpoints.join(','), REDIS_SENTINEL_NAME: sentinels.name },
    failoverKinds: failoversBySentinels(group, sentinels),
    async stop() {
      await sentinels.stop();
      await group.stop();
    },
  };
}

function failoversBySentinels({ nodes }: ServerGroup, sentinels: SentinelGroup): readonly FailoverKind[] {
  const roles = () => groupRoles(nodes);
  const heal = async ({ to }: Roles, bringBack: () => Promise<void>) => {
    await sentinels.whenAllName(to);
    await bringBack();
    await sentinels.whenSettled(to);
  };
  return [
    {
      name: 'ordered',
      roles,
      failOver: strike(() => sentinels.failover()),
      heal: (after) => heal(after, () => follow(after.from, after.to)),
    },
    {
      name: 'killed master',
      roles,
      failOver: strike(({ from }) => from.kill()),
      heal: (after) =>
        heal(after, () => after.from.restart(['--replicaof', after.to.host, String(after.to.port)])),
    },
    {
      name: 'hung master',
      roles,
      failOver: strike(async ({ from }) => from.hang()),
      heal: (after) =>
        heal(after, async () => {
          after.from.resume();
          await follow(after.from, after.to);
        }),
    },
  ];
}
