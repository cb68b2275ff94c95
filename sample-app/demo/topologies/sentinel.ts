import { setTimeout as delay } from 'node:timers/promises';
import { readInfo } from '../../../lib/testing/servers/info.js';
import type { RedisServer } from '../../../lib/testing/servers/redis-server.js';
import { follow } from '../../../lib/testing/servers/replication.js';
import { startSentinels, type SentinelGroup } from '../../../lib/testing/servers/sentinel-group.js';
import { startGroup } from '../../../lib/testing/servers/server-group.js';
import type { DemoTopology, FailoverKind, Roles } from './topology.js';

/** The app is told the Sentinels only, and they promote. */
export async function startSentinel(): Promise<DemoTopology> {
  const group = await startGroup();
  const sentinels = await startSentinels(group, { downAfterMs: 1500, failoverTimeoutMs: 10_000 });
  return {
    description: [
      `Redis     master ${group.master.endpoint}, replicas ${group.endpoints.slice(1).join(', ')}`,
      `Sentinels ${sentinels.endpoints.join(', ')}`,
    ],
    environment: { REDIS_SENTINELS: sentinels.endpoints.join(','), REDIS_SENTINEL_NAME: sentinels.name },
    nodes: group.nodes,
    master: group.master,
    failoverKinds: failoversBySentinels(sentinels),
    async stop() {
      await sentinels.stop();
      await group.stop();
    },
  };
}

function failoversBySentinels(sentinels: SentinelGroup): readonly FailoverKind[] {
  const heal = async ({ to }: Roles, bringBack: () => Promise<void>) => {
    await sentinels.whenAllName(to);
    await bringBack();
    await sentinels.whenSettled(to);
  };
  return [
    {
      name: 'ordered',
      async failOver(roles, onPromotion) {
        await sentinels.failover();
        return play(roles, onPromotion);
      },
      heal: (roles) => heal(roles, () => follow(roles.from, roles.to)),
    },
    {
      name: 'killed master',
      async failOver(roles, onPromotion) {
        await roles.from.kill();
        return play(roles, onPromotion);
      },
      heal: (roles) =>
        heal(roles, () => roles.from.restart(['--replicaof', roles.to.host, String(roles.to.port)])),
    },
    {
      name: 'hung master',
      async failOver(roles, onPromotion) {
        roles.from.hang();
        return play(roles, onPromotion);
      },
      heal: (roles) =>
        heal(roles, async () => {
          roles.from.resume();
          await follow(roles.from, roles.to);
        }),
    },
  ];
}

async function play(roles: Roles, onPromotion: () => void): Promise<RedisServer> {
  const to = await whenPromoted([roles.to, ...roles.others]);
  onPromotion();
  await whenWritten(to);
  return to;
}

/** The old master may live on and acknowledge, so only the new one itself tells that it is used. */
async function whenWritten(master: RedisServer): Promise<void> {
  const before = await readWrites(master);
  while ((await readWrites(master)) === before) await delay(1);
}

async function readWrites(master: RedisServer): Promise<string | undefined> {
  return (await readInfo(master, 'commandstats')).get('cmdstat_set')?.split(',', 1)[0];
}

/** Asks every millisecond, since Sentinels tell a promotion a second late. */
async function whenPromoted(replicas: readonly RedisServer[]): Promise<RedisServer> {
  for (;;) {
    const roles = await Promise.all(replicas.map(roleOf));
    const promoted = replicas[roles.indexOf('master')];
    if (promoted !== undefined) return promoted;
    await delay(1);
  }
}

/** A Sentinel closes the connections of the node that it promotes. */
async function roleOf(node: RedisServer): Promise<string | undefined> {
  try {
    return (await readInfo(node, 'replication')).get('role');
  } catch {
    return undefined;
  }
}
