import type { TcpProxy } from '../network/tcp-proxy.js';
import { readInfo } from '../servers/info.js';
import type { RedisServer } from '../servers/redis-server.js';
import type { SentinelGroup } from '../servers/sentinel-group.js';
import type { ServerGroup } from '../servers/server-group.js';

/** What the operations of a group act on. */
export interface Stage {
  readonly servers: ServerGroup;
  readonly gates: ReadonlyMap<RedisServer, TcpProxy>;
  readonly sentinels: SentinelGroup | undefined;
  /** The nodes that are cut off from the others now. */
  readonly isolated: Set<RedisServer>;
}

export function gateOf({ gates }: Stage, node: RedisServer): TcpProxy {
  const gate = gates.get(node);
  if (gate === undefined) {
    throw new TypeError(`${node.endpoint} is no node of this group`);
  }
  return gate;
}

/** The node that reports to be the master. Nodes that do not run are not asked. */
export async function findMaster({ servers }: Stage): Promise<RedisServer> {
  const nodes = servers.nodes.filter(isRunning);
  const infos = await Promise.all(nodes.map((node) => readInfo(node, 'replication')));
  const masters = nodes.filter((_node, index) => infos[index]?.get('role') === 'master');
  const [master, ...others] = masters;
  if (master === undefined || others.length > 0) {
    const found = masters.map(({ endpoint }) => endpoint).join(' and ') || 'none';
    throw new Error(`the group has no single master (${found}); restore() makes one`);
  }
  return master;
}

/** The replicas of this master that run, the one with the most data first. */
export async function replicasOf({ servers }: Stage, master: RedisServer): Promise<readonly RedisServer[]> {
  const nodes = servers.nodes.filter((node) => node !== master && isRunning(node));
  const replicas = await Promise.all(
    nodes.map(async (node) => ({ node, info: await readInfo(node, 'replication') })),
  );
  return replicas
    .filter(({ info }) => info.get('role') === 'slave' && info.get('master_port') === String(master.port))
    .toSorted((a, b) => Number(b.info.get('slave_repl_offset')) - Number(a.info.get('slave_repl_offset')))
    .map(({ node }) => node);
}

export function isRunning(node: RedisServer): boolean {
  return node.state === 'running';
}
