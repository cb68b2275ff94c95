import { createCertificates } from '../../test/support/certificates.js';
import { readInfo } from '../../test/support/info.js';
import type { RedisServer } from '../../test/support/redis-server.js';
import { startSentinels, type SentinelGroup } from '../../test/support/sentinel-group.js';
import { startGroup, type ServerGroup } from '../../test/support/server-group.js';
import { startProxy, type TcpProxy } from '../../test/support/tcp-proxy.js';
import type { Address, Place } from '../contenders/contender.js';

export interface StageOptions {
  readonly tls?: boolean;
  /** Three Sentinels run the group. */
  readonly sentinel?: boolean;
  /** The app reaches every node through a proxy that can be cut. */
  readonly proxied?: boolean;
}

/** One group of real servers on which rounds are played, one at a time. */
export interface Stage {
  readonly group: ServerGroup;
  readonly sentinels: SentinelGroup | undefined;
  readonly proxyOf: (node: RedisServer) => TcpProxy | undefined;
  readonly place: (master: RedisServer) => Place;
  readonly stop: () => Promise<void>;
}

export async function openStage({ tls: isSecured, sentinel, proxied }: StageOptions): Promise<Stage> {
  const tls = isSecured ? await createCertificates() : undefined;
  const group = await startGroup({ tls });
  const sentinels = sentinel ? await startSentinels(group, { downAfterMs: 1500 }) : undefined;
  const proxies = proxied ? await Promise.all(group.nodes.map(({ port }) => startProxy(port))) : [];
  const proxyOf = (node: RedisServer) => proxies[group.nodes.indexOf(node)];
  const reach = (named: Address): Address => {
    const proxy = proxies[group.nodes.findIndex(({ port }) => port === named.port)];
    return { host: named.host, port: proxy?.port ?? named.port };
  };
  return {
    group,
    sentinels,
    proxyOf,
    place: (master) => ({
      nodes: group.nodes.map(reach),
      master: reach(master),
      reach,
      tls,
      sentinel: sentinels && {
        name: sentinels.name,
        addresses: sentinels.sentinels.map(({ host, port }) => ({ host, port })),
      },
    }),
    async stop() {
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      await sentinels?.stop();
      await group.stop();
    },
  };
}

/** Who is what at the start of a round. */
export interface Roles {
  readonly master: RedisServer;
  /** The replica that a round promotes, where it is not Sentinel that chooses. */
  readonly heir: RedisServer;
  readonly replicas: readonly RedisServer[];
}

/** Asks the nodes, and by that opens the connections over which the round orders them about. */
export async function findRoles({ nodes }: ServerGroup): Promise<Roles> {
  const roles = await Promise.all(
    nodes.map(async (node) => (await readInfo(node, 'replication')).get('role')),
  );
  const at = roles.indexOf('master');
  const [master, heir] = [nodes[at], nodes[(at + 1) % nodes.length]];
  if (master === undefined || heir === undefined || at !== roles.lastIndexOf('master')) {
    throw new Error(`of the nodes exactly one should be master: ${roles.join(', ')}`);
  }
  return { master, heir, replicas: nodes.filter((node) => node !== master) };
}
