import { startNameServer, type NameServer } from '../../../test/support/name-server.js';
import type { RedisServer } from '../../../lib/testing/servers/redis-server.js';
import { startGroup } from '../../../lib/testing/servers/server-group.js';
import { describeGroup } from './describe-group.js';
import { failoversByHand } from './failovers-by-hand.js';
import type { DemoTopology, FailoverKind } from './topology.js';

/** As on separate machines: each node has an address of its own and the same port. */
const hosts = ['127.0.0.11', '127.0.0.12', '127.0.0.13'];
const PRIMARY = 'primary.demo';
const READER = 'reader.demo';

/** The app is told two names, as managed services have them, which follow the roles after each failover only. */
export async function startNames(): Promise<DemoTopology> {
  const group = await startGroup({ hosts });
  const dns = await startNameServer();
  const { port } = group.master;
  lead(dns, group.master, group.replicas);
  return {
    description: [
      describeGroup(group),
      `Names     ${PRIMARY} → master, ${READER} → replicas, asked of ${dns.endpoint}; both move after a failover`,
    ],
    environment: {
      REDIS_PRIMARY: `${PRIMARY}:${port}`,
      REDIS_READER: `${READER}:${port}`,
      REDIS_DNS: dns.endpoint,
    },
    failoverKinds: failoversByHand(group).map((kind) => thenMoveNames(kind, dns)),
    async stop() {
      await Promise.all([group.stop(), dns.stop()]);
    },
  };
}

function thenMoveNames(kind: FailoverKind, dns: NameServer): FailoverKind {
  return {
    ...kind,
    async heal(roles) {
      lead(dns, roles.to, [roles.from, ...roles.others]);
      await kind.heal(roles);
    },
  };
}

function lead(dns: NameServer, master: RedisServer, replicas: readonly RedisServer[]): void {
  dns.zone[PRIMARY] = { addresses: [master.host], ttl: 1 };
  dns.zone[READER] = { addresses: replicas.map(({ host }) => host), ttl: 1 };
}
