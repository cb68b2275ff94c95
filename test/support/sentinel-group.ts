import { startRedisServer } from './redis-server.js';
import type { RedisServer } from './redis-server.js';
import type { ServerGroup } from './server-group.js';
import { until } from './until.js';

export interface SentinelOptions {
  /** Default `main`. */
  readonly name?: string;
  /** How long a node must be silent before a Sentinel considers it down; default 500. */
  readonly downAfterMs?: number;
  /** Default 3000. */
  readonly failoverTimeoutMs?: number;
}

export interface SentinelGroup {
  /** The name under which the Sentinels know the master. */
  readonly name: string;
  readonly sentinels: readonly RedisServer[];
  readonly endpoints: readonly string[];
  /** Sends `SENTINEL FAILOVER` to the first Sentinel; resolves when it has accepted, not when the failover is done. */
  failover(): Promise<void>;
  /** Waits until every Sentinel names this node as master. */
  whenAllName(master: RedisServer): Promise<void>;
  stop(): Promise<void>;
}

const count = 3;
const quorum = 2;

/** Three Sentinels with quorum 2 that know one another and every node of the group. */
export async function startSentinels(
  group: ServerGroup,
  options: SentinelOptions = {},
): Promise<SentinelGroup> {
  const { name = 'main' } = options;
  const { tls } = group.options;
  const sentinel = configuration(group, options);
  const sentinels = await Promise.all(
    Array.from({ length: count }, () => startRedisServer({ sentinel, tls })),
  );
  await Promise.all(sentinels.map((one) => whenAcquainted(one, name, group.replicas.length)));
  return {
    name,
    sentinels,
    endpoints: sentinels.map((one) => one.endpoint),
    async failover() {
      await sentinels[0]?.command('SENTINEL', 'FAILOVER', name);
    },
    async whenAllName(master) {
      await Promise.all(sentinels.map((one) => whenNames(one, name, master)));
    },
    async stop() {
      await Promise.all(sentinels.map((one) => one.stop()));
    },
  };
}

function configuration({ master, options }: ServerGroup, sentinelOptions: SentinelOptions): string[] {
  const { name = 'main', downAfterMs = 500, failoverTimeoutMs = 3000 } = sentinelOptions;
  const { user, password } = options;
  return [
    `sentinel monitor ${name} ${master.host} ${master.port} ${quorum}`,
    `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
    `sentinel failover-timeout ${name} ${failoverTimeoutMs}`,
    ...(user === undefined ? [] : [`sentinel auth-user ${name} ${user}`]),
    ...(password === undefined ? [] : [`sentinel auth-pass ${name} "${password}"`]),
  ];
}

async function whenAcquainted(sentinel: RedisServer, name: string, replicas: number): Promise<void> {
  const isAcquainted = async () => {
    const fields = pairs(await sentinel.command('SENTINEL', 'MASTER', name));
    return (
      fields.get('flags') === 'master' &&
      fields.get('num-other-sentinels') === String(count - 1) &&
      fields.get('num-slaves') === String(replicas)
    );
  };
  await until(`Sentinel ${sentinel.endpoint} knows all others`, isAcquainted, { timeoutMs: 15_000 });
}

async function whenNames(sentinel: RedisServer, name: string, master: RedisServer): Promise<void> {
  const namesIt = async () => {
    const address = await sentinel.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name);
    return Array.isArray(address) && address.join(':') === master.endpoint;
  };
  await until(`Sentinel ${sentinel.endpoint} names ${master.endpoint}`, namesIt, { timeoutMs: 20_000 });
}

function pairs(reply: unknown): ReadonlyMap<string, string> {
  const items = Array.isArray(reply) ? reply.map(String) : [];
  const entries = items.flatMap((key, index): [string, string][] => {
    const value = items[index + 1];
    return index % 2 === 0 && value !== undefined ? [[key, value]] : [];
  });
  return new Map(entries);
}
