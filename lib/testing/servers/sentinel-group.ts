import { startRedisServer } from './redis-server.js';
import type { RedisServer, RedisServerOptions } from './redis-server.js';
import type { ServerGroup } from './server-group.js';
import { until } from './until.js';

export interface SentinelOptions {
  /** How many; a majority of them is the quorum. Default 3. */
  readonly count?: number;
  /** Default `main`. */
  readonly name?: string;
  /** How long a node must be silent before a Sentinel considers it down; default 500. */
  readonly downAfterMs?: number;
  /** Default 3000. */
  readonly failoverTimeoutMs?: number;
  /** The node that is master now; default: the first master of the group. */
  readonly master?: RedisServer;
  /** The host under which the Sentinels monitor the master; default: its address. */
  readonly monitoredHost?: string;
  /** Configuration lines before all others. */
  readonly lines?: readonly string[];
  /** How the Sentinels themselves are started; by default they use TLS as the group does. */
  readonly server?: Omit<RedisServerOptions, 'sentinel' | 'port'>;
}

export interface SentinelGroup {
  /** The name under which the Sentinels know the master. */
  readonly name: string;
  readonly sentinels: readonly RedisServer[];
  readonly endpoints: readonly string[];
  /** Sends `SENTINEL FAILOVER` to the first Sentinel; resolves when it has accepted, not when the failover is done. */
  failover(): Promise<void>;
  /** The master that the first Sentinel names, `host:port`. */
  named(): Promise<string>;
  /** Waits until every Sentinel names this node as master. */
  whenAllName(master: RedisServer): Promise<void>;
  /** The same, and until no failover is under way: before that, a Sentinel would undo what is done to the nodes. */
  whenSettled(master: RedisServer): Promise<void>;
  /** Has all Sentinels forget the group, so that they leave it alone. */
  release(): Promise<void>;
  /** Has all Sentinels watch the group anew, with this master; resolves as `startSentinels` does. */
  watch(master: RedisServer): Promise<void>;
  /** Starts one more, which knows the present master only; resolves when it knows all nodes, and all Sentinels know it. */
  add(): Promise<RedisServer>;
  /** Ends a Sentinel for good, and makes the others forget it. */
  forget(sentinel: RedisServer): Promise<void>;
  stop(): Promise<void>;
}

/** Sentinels that know one another and every node of the group. */
export async function startSentinels(
  group: ServerGroup,
  options: SentinelOptions = {},
): Promise<SentinelGroup> {
  const { count = 3, name = 'main', server = {}, master = group.master } = options;
  const start: Start = (monitored) =>
    startRedisServer({
      tls: group.options.tls,
      server: group.options.server,
      ...server,
      sentinel: configuration(monitored, group.options, options),
    });
  const first = { host: options.monitoredHost ?? master.host, port: master.port };
  const sentinels = await Promise.all(Array.from({ length: count }, () => start(first)));
  const whenKnown = async (one: RedisServer) => {
    await whenAcquainted(one, name, { replicas: group.replicas.length, others: sentinels.length - 1 });
  };
  await Promise.all(sentinels.map(whenKnown));
  return {
    name,
    sentinels,
    endpoints: sentinels.map((one) => one.endpoint),
    async failover() {
      await sentinels[0]?.command('SENTINEL', 'FAILOVER', name);
    },
    named: async () => (await masterOf(sentinels[0], name)).join(':'),
    async whenAllName(node) {
      await Promise.all(sentinels.map((one) => whenNames(one, name, node)));
    },
    async whenSettled(node) {
      await Promise.all(sentinels.map((one) => whenNames(one, name, node)));
      await Promise.all(sentinels.map(whenKnown));
    },
    async stop() {
      await Promise.all(sentinels.map((one) => one.stop()));
    },
    ...changesOf({ name, sentinels, start, whenKnown }),
    ...watchingOf({ name, sentinels, start, whenKnown }, (node) => directives(node, group.options, options)),
  };
}

type Monitored = Pick<RedisServer, 'host' | 'port'>;
type Start = (monitored: Monitored) => Promise<RedisServer>;

interface Running {
  readonly name: string;
  readonly sentinels: RedisServer[];
  readonly start: Start;
  readonly whenKnown: (one: RedisServer) => Promise<void>;
}

function changesOf({ name, sentinels, start, whenKnown }: Running): Pick<SentinelGroup, 'add' | 'forget'> {
  return {
    async add() {
      const [host, port] = await masterOf(sentinels[0], name);
      const added = await start({ host, port: Number(port) });
      sentinels.push(added);
      await Promise.all(sentinels.map(whenKnown));
      return added;
    },
    async forget(sentinel) {
      sentinels.splice(sentinels.indexOf(sentinel), 1);
      await sentinel.stop();
      for (const one of sentinels) {
        await one.command('SENTINEL', 'RESET', name);
        await whenKnown(one);
      }
    },
  };
}

function watchingOf(
  { name, sentinels, whenKnown }: Running,
  describe: (master: Monitored) => ReturnType<typeof directives>,
): Pick<SentinelGroup, 'release' | 'watch'> {
  return {
    async release() {
      await Promise.all(sentinels.map((one) => one.command('SENTINEL', 'REMOVE', name)));
    },
    async watch(node) {
      for (const words of describe(node)) {
        await Promise.all(sentinels.map((one) => one.command('SENTINEL', ...words)));
      }
      await Promise.all(sentinels.map(whenKnown));
    },
  };
}

function configuration(master: Monitored, group: ServerGroup['options'], options: SentinelOptions): string[] {
  const [monitor = [], ...settings] = directives(master, group, options);
  const [, name = '', ...rest] = monitor;
  return [
    ...(options.lines ?? []),
    `sentinel monitor ${name} ${rest.join(' ')}`,
    ...settings.map(([, , option, value]) => `sentinel ${option} ${name} "${value}"`),
  ];
}

/** What the Sentinels are told of the group, as the words of `SENTINEL` commands. */
function directives(
  master: Monitored,
  { user, password }: ServerGroup['options'],
  { count = 3, name = 'main', downAfterMs = 500, failoverTimeoutMs = 3000 }: SentinelOptions,
): readonly (readonly [string, ...string[]])[] {
  const quorum = Math.floor(count / 2) + 1;
  const settings = {
    'down-after-milliseconds': String(downAfterMs),
    'failover-timeout': String(failoverTimeoutMs),
    ...(user !== undefined && { 'auth-user': user }),
    ...(password !== undefined && { 'auth-pass': password }),
  };
  return [
    ['MONITOR', name, master.host, String(master.port), String(quorum)],
    ...Object.entries(settings).map(([option, value]) => ['SET', name, option, value] as const),
  ];
}

interface Known {
  readonly replicas: number;
  readonly others: number;
}

async function whenAcquainted(
  sentinel: RedisServer,
  name: string,
  { replicas, others }: Known,
): Promise<void> {
  const isAcquainted = async () => {
    const fields = pairs(await sentinel.command('SENTINEL', 'MASTER', name));
    return (
      fields.get('flags') === 'master' &&
      fields.get('num-other-sentinels') === String(others) &&
      fields.get('num-slaves') === String(replicas)
    );
  };
  // A Sentinel asks for replicas every 10 s, and on Redis 6.2 it was often not done within 15 s.
  await until(`Sentinel ${sentinel.endpoint} knows all others`, isAcquainted, { timeoutMs: 30_000 });
}

async function whenNames(sentinel: RedisServer, name: string, master: RedisServer): Promise<void> {
  const namesIt = async () => {
    const [host, port] = await masterOf(sentinel, name);
    return host === master.host && port === String(master.port);
  };
  await until(`Sentinel ${sentinel.endpoint} names ${master.endpoint}`, namesIt, { timeoutMs: 20_000 });
}

async function masterOf(sentinel: RedisServer | undefined, name: string): Promise<[string, string]> {
  const address = await sentinel?.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name);
  const [host, port] = Array.isArray(address) ? address.map(String) : [];
  return [host ?? '', port ?? ''];
}

function pairs(reply: unknown): ReadonlyMap<string, string> {
  const items = Array.isArray(reply) ? reply.map(String) : [];
  const entries = items.flatMap((key, index): [string, string][] => {
    const value = items[index + 1];
    return index % 2 === 0 && value !== undefined ? [[key, value]] : [];
  });
  return new Map(entries);
}
