import { startRedisServer, type RedisServer } from '../../lib/testing/servers/redis-server.js';
import { follow, whenInSync } from '../../lib/testing/servers/replication.js';
import { startProxy, type TcpProxy } from '../../lib/testing/network/tcp-proxy.js';
import { readInfo } from '../../lib/testing/servers/info.js';
import { until } from '../../lib/testing/servers/until.js';

/** A server, and the way to it that each app has for itself. */
export interface TortureNode {
  readonly name: string;
  readonly server: RedisServer;
  /** One for each app. */
  readonly proxies: readonly TcpProxy[];
}

export interface TortureGroup {
  readonly nodes: readonly TortureNode[];
  /** The rightful master, set by each fault that promotes one. */
  master: TortureNode;
  /** All but the rightful master. */
  readonly replicas: readonly TortureNode[];
  /** The endpoints that app `index` connects to. */
  endpointsFor(index: number): readonly string[];
  stop(): Promise<void>;
}

/**
 * A server writes what it executes to its append-only file before it answers, so that after SIGKILL the file shows all
 * that it ever acknowledged. `no` leaves only the syncing to the disk to the system, which survives.
 */
const args = ['--appendonly', 'yes', '--appendfsync', 'no', '--auto-aof-rewrite-percentage', '0'];

/** Several servers, all replicas of the first, each behind one proxy per app. Among themselves they talk directly. */
export async function startTortureGroup(size: number, apps: number): Promise<TortureGroup> {
  const nodes = await Promise.all(
    Array.from({ length: size }, (_, index) => startNode(`n${index + 1}`, apps)),
  );
  const [first, ...others] = nodes;
  if (first === undefined) throw new Error('A group has at least one node');
  await Promise.all(others.map(({ server }) => follow(server, first.server)));
  const group: TortureGroup = {
    nodes,
    master: first,
    get replicas() {
      return nodes.filter((node) => node !== group.master);
    },
    endpointsFor: (index) => nodes.flatMap(({ proxies }) => proxies[index]?.endpoint ?? []),
    async stop() {
      await Promise.all(nodes.flatMap(({ proxies }) => proxies.map((proxy) => proxy.stop())));
      await Promise.all(nodes.map(({ server }) => server.stop()));
    },
  };
  await whenHealthy(group);
  return group;
}

async function startNode(name: string, apps: number): Promise<TortureNode> {
  const server = await startRedisServer({ args });
  const proxies = await Promise.all(Array.from({ length: apps }, () => startProxy(server.port)));
  return { name, server, proxies };
}

/** Every other node is a replica in sync, and what each executes is in its file. */
export async function whenHealthy({ master, replicas, nodes }: TortureGroup): Promise<void> {
  await whenInSync(
    master.server,
    replicas.map(({ server }) => server),
  );
  await Promise.all(nodes.map(({ server }) => whenFileIsComplete(server)));
}

/** A full sync, or enabling the file, starts a new one; a crash before that is complete would hide writes. */
async function whenFileIsComplete(server: RedisServer): Promise<void> {
  await until(
    `${server.endpoint} writes its file`,
    async () => {
      const info = await readInfo(server, 'persistence');
      return (
        info.get('aof_enabled') === '1' &&
        info.get('aof_rewrite_in_progress') === '0' &&
        info.get('aof_rewrite_scheduled') === '0' &&
        info.get('aof_last_bgrewrite_status') === 'ok'
      );
    },
    { timeoutMs: 15_000 },
  );
}
