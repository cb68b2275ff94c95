import { findFreePort } from './free-port.js';
import { startRedisServer } from './redis-server.js';
import type { RedisServer, RedisServerOptions } from './redis-server.js';
import { whenInSync } from './replication.js';

export interface GroupOptions extends Omit<RedisServerOptions, 'sentinel' | 'port'> {
  /** Default 2. */
  readonly replicas?: number;
  /**
   * An address for each node, all with the same port, as on separate machines; Linux has all of 127.0.0.0/8.
   * Default: one address, and a port for each.
   */
  readonly hosts?: readonly string[];
}

export interface ServerGroup {
  /** Master and replicas by their roles at the start; a later promotion does not change the names. */
  readonly master: RedisServer;
  readonly replicas: readonly RedisServer[];
  /** The first master, then the first replicas. */
  readonly nodes: readonly RedisServer[];
  readonly endpoints: readonly string[];
  readonly options: GroupOptions;
  /** Ends all processes and removes their folders. */
  stop(): Promise<void>;
}

/** One master with replicas, in sync. A node that is restarted begins with its first role again. */
export async function startGroup(
  options: GroupOptions = {},
  start: (each: RedisServerOptions) => Promise<RedisServer> = startRedisServer,
): Promise<ServerGroup> {
  const { replicas: count = 2, args = [], hosts = [], ...common } = options;
  const [first, ...others] = await placesOn(hosts);
  const master = await start({ ...common, ...first, args });
  const replicaArgs = [...args, '--replicaof', master.host, String(master.port)];
  const replicas = await Promise.all(
    Array.from({ length: count }, (_none, index) =>
      start({ ...common, ...others[index], args: replicaArgs }),
    ),
  );
  await whenInSync(master, replicas);
  const nodes = [master, ...replicas];
  return {
    master,
    replicas,
    nodes,
    endpoints: nodes.map((node) => node.endpoint),
    options,
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

async function placesOn(hosts: readonly string[]): Promise<readonly { host: string; port: number }[]> {
  if (hosts.length === 0) return [];
  const port = await findFreePort(hosts);
  return hosts.map((host) => ({ host, port }));
}
