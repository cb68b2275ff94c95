import { setTimeout as delay } from 'node:timers/promises';
import type { RedisServer } from '../../../lib/testing/servers/redis-server.js';
import { follow, plannedSwap, promote } from '../../../lib/testing/servers/replication.js';
import type { ServerGroup } from '../../../lib/testing/servers/server-group.js';
import { groupRoles } from './group-roles.js';
import type { FailoverKind } from './topology.js';

/** An operator promotes. */
export function failoversByHand({ nodes }: Pick<ServerGroup, 'nodes'>): readonly FailoverKind[] {
  const roles = () => groupRoles(nodes);
  return [
    {
      name: 'planned swap',
      roles,
      async failOver({ from, to, others }, onPromotion) {
        onPromotion();
        await plannedSwap([from, to, ...others], to);
        return to;
      },
      heal: () => Promise.resolve(),
    },
    {
      name: 'killed master',
      roles,
      async failOver({ from, to, others }, onPromotion) {
        await from.kill();
        await delay(500);
        onPromotion();
        return promoteAlone(to, others);
      },
      heal: ({ from, to }) => from.restart(['--replicaof', to.host, String(to.port)]),
    },
    {
      name: 'hung master',
      roles,
      async failOver({ from, to, others }, onPromotion) {
        from.hang();
        await delay(1000);
        onPromotion();
        return promoteAlone(to, others);
      },
      async heal({ from, to }) {
        from.resume();
        await follow(from, to);
      },
    },
  ];
}

async function promoteAlone(to: RedisServer, others: readonly RedisServer[]): Promise<RedisServer> {
  await Promise.all([promote(to), ...others.map((other) => follow(other, to))]);
  return to;
}
