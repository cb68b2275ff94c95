import { startRedisServer } from './redis-server.js';
import type { RedisServer, RedisServerOptions } from './redis-server.js';
import { whenInSync } from './replication.js';

export interface GroupOptions extends Omit<RedisServerOptions, 'sentinel'> {
  /** Default 2. */
  readonly replicas?: number;
}

export interface ServerGroup {
  /** Master and replicas by their roles at the start: whoever is promoted later, the names stay. */
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
export async function startGroup(options: GroupOptions = {}): Promise<ServerGroup> {
  const { replicas: count = 2, args = [], ...common } = options;
  const master = await startRedisServer({ ...common, args });
  const replicaArgs = [...args, '--replicaof', master.host, String(master.port)];
  const replicas = await Promise.all(
    Array.from({ length: count }, () => startRedisServer({ ...common, args: replicaArgs })),
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
