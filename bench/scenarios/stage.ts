import { createCertificates } from '../../lib/testing/servers/certificates.js';
import { findFreePort } from '../../lib/testing/servers/free-port.js';
import { readInfo } from '../../lib/testing/servers/info.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { startSentinels, type SentinelGroup } from '../../lib/testing/servers/sentinel-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { startProxy, type TcpProxy } from '../../lib/testing/network/tcp-proxy.js';
import type { Address, Place } from '../contenders/contender.js';
import { createDns, dnsNames } from './dns.js';

export interface StageOptions {
  readonly tls?: boolean;
  /** Three Sentinels run the group. */
  readonly sentinel?: boolean;
  /** The app reaches every node through a proxy that can be cut. */
  readonly proxied?: boolean;
  /** What these proxies make of each reply. */
  readonly rewrite?: (reply: Buffer) => Buffer;
}

/** One group of real servers on which rounds are played, one at a time. */
export interface Stage {
  readonly group: ServerGroup;
  readonly sentinels: SentinelGroup | undefined;
  readonly proxyOf: (node: RedisServer) => TcpProxy | undefined;
  readonly place: (master: RedisServer) => Place;
  readonly stop: () => Promise<void>;
}

/** An address for each node, and one port for all, as on separate machines, because DNS names lead to addresses. */
const hosts = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
const proxyHosts = ['127.0.1.1', '127.0.1.2', '127.0.1.3'];

export async function openStage({
  tls: isSecured,
  sentinel,
  proxied,
  rewrite,
}: StageOptions): Promise<Stage> {
  const tls = isSecured ? await createCertificates([...hosts, ...Object.values(dnsNames)]) : undefined;
  const group = await startGroup({ tls, hosts });
  const sentinels = sentinel ? await startSentinels(group, { downAfterMs: 1500 }) : undefined;
  const proxies = proxied ? await startProxies(group, rewrite) : [];
  const proxyOf = (node: RedisServer) => proxies[group.nodes.indexOf(node)];
  const reach = (named: Address): Address => {
    const { host, port } = proxies[hosts.indexOf(named.host)] ?? named;
    return { host, port };
  };
  return {
    group,
    sentinels,
    proxyOf,
    place: (master) => ({
      nodes: group.nodes.map(reach),
      master: reach(master),
      reach,
      dns: createDns(group.nodes.map(reach), reach(master)),
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

async function startProxies(
  { nodes }: ServerGroup,
  rewrite: StageOptions['rewrite'],
): Promise<readonly TcpProxy[]> {
  const port = await findFreePort(proxyHosts);
  return Promise.all(
    nodes.map((node, index) => {
      const host = proxyHosts[index];
      if (host === undefined) throw new Error('There are more nodes than addresses for proxies');
      return startProxy(node.port, { targetHost: node.host, host, port, rewrite });
    }),
  );
}

/** The roles of the nodes at the start of a round. */
export interface Roles {
  readonly master: RedisServer;
  /** The replica that a round promotes, where it is not Sentinel that chooses. */
  readonly heir: RedisServer;
  readonly replicas: readonly RedisServer[];
}

/** Queries the nodes, which also opens the connections over which the round controls them. */
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
