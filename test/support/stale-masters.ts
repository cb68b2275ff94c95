import type { RedisReplicationOptions, Topology } from 'nestjs-redis-replication';
import { filter, firstValueFrom } from 'rxjs';
import { expect, onTestFinished } from 'vitest';
import { rolesOf } from './group-roles.js';
import { readInfo } from '../../lib/testing/servers/info.js';
import { startRedisServer, type RedisServer } from '../../lib/testing/servers/redis-server.js';
import { follow, promote, whenInSync } from '../../lib/testing/servers/replication.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import { readLoad, startLoad, type SteadyLoad } from './steady-load.js';
import { startProxy } from '../../lib/testing/network/tcp-proxy.js';
import { startApp, type TestApp } from './test-app.js';
import { until } from '../../lib/testing/servers/until.js';
import { replicateAs } from './users.js';

/** A server that the app reaches through a proxy; the servers reach one another directly. */
export interface Member {
  readonly server: RedisServer;
  /** As the app names it. */
  readonly endpoint: string;
  /** Cuts the app off from it: the app is refused at once, or gets no answer. */
  cut(how?: 'refused' | 'silent'): void;
  heal(): Promise<void>;
}

export async function behindProxy(server: RedisServer): Promise<Member> {
  const proxy = await startProxy(server.port);
  onTestFinished(() => proxy.stop());
  return {
    server,
    endpoint: proxy.endpoint,
    cut(how = 'refused') {
      if (how === 'silent') {
        proxy.partition('both');
        return;
      }
      proxy.refuse();
      proxy.cut();
    },
    heal() {
      proxy.heal();
      return proxy.accept();
    },
  };
}

/** A is master of B and C, and the app writes to it without a pause. */
export interface Stage {
  readonly a: Member;
  readonly b: Member;
  readonly c: Member;
  readonly app: TestApp;
  readonly load: SteadyLoad;
  readonly when: (fits: (topology: Topology) => boolean) => Promise<Topology>;
  readonly whenMaster: (member: Member) => Promise<Topology>;
  /** Waits until the app knows that this node claims to be master and is superseded. */
  readonly whenStale: (member: Member) => Promise<Topology>;
}

/** Several claims, or a single one. */
const contestWords = /^(split brain|unproven master): /;

type Options = Partial<RedisReplicationOptions>;

/** No ping to the replicas moves an offset while it is compared. */
const args = ['--repl-ping-replica-period', '3600'];

export async function setStage(strangers: readonly Member[] = [], options: Options = {}): Promise<Stage> {
  const group = await startGroup({ args });
  onTestFinished(() => group.stop());
  const { master, heir, other } = rolesOf(group);
  const [a, b, c] = [await behindProxy(master), await behindProxy(heir), await behindProxy(other)];
  const endpoints = [a, b, c, ...strangers].map(({ endpoint }) => endpoint);
  const app = await startApp(endpoints, { hold: { timeoutMs: 60_000 }, ...options });
  const load = startLoad(app.writer);
  onTestFinished(async () => {
    app.writer.disconnect();
    await load.stop();
  });
  await load.whenAcknowledged(100);
  const when = (fits: (topology: Topology) => boolean) => firstValueFrom(app.topology$.pipe(filter(fits)));
  return {
    a,
    b,
    c,
    app,
    load,
    when,
    whenMaster: ({ endpoint }) => when((topology) => 'master' in topology && topology.master === endpoint),
    whenStale: ({ endpoint }) =>
      when(({ nodes }) => nodes.some((node) => node.endpoint === endpoint && node.kind === 'stale')),
  };
}

/** Promotes one and puts others under it, where the app may or may not see it. */
export async function promoteOver(heir: Member, ...others: readonly Member[]): Promise<void> {
  await promote(heir.server);
  for (const { server } of others) await follow(server, heir.server);
}

/** Puts one replica under another, so that it is never ahead of it. */
export async function chain({ server }: Member, upper: Member): Promise<void> {
  await follow(server, upper.server);
  await until('it is connected', async () => {
    const info = await readInfo(server, 'replication');
    return info.get('master_port') === String(upper.server.port) && info.get('master_link_status') === 'up';
  });
}

/** What the app has written to a node, according to the node itself. */
export async function ours({ server }: Member) {
  const { counter, numbers } = await readLoad(server);
  const stats = await readInfo(server, 'commandstats');
  const calls = (name: string) => Number(/calls=(\d+)/.exec(stats.get(`cmdstat_${name}`) ?? 'calls=0')?.[1]);
  return { counter, numbers, incrCalls: calls('incr'), rpushCalls: calls('rpush') };
}

/**
 * Expects that the app goes on writing and that none of it reaches the stale node, even if other clients write so much
 * there that its offset is the highest.
 */
export async function expectNoMore(stale: Member, { load }: Stage, master: Member): Promise<void> {
  const { issued } = load;
  await load.whenAcknowledged(100);
  const before = await ours(stale);
  expect(before.numbers.filter((number) => number > issued)).toEqual([]);
  await load.whenAcknowledged(100);
  await outgrow(stale, master);
  await load.whenAcknowledged(100);
  await outgrow(stale, master);
  const result = await load.stop();
  expect(await ours(stale)).toEqual(before);
  expect(await offsetOf(stale)).toBeGreaterThan(await offsetOf(master));
  expect(result.failures).toEqual([]);
  const present = new Set((await ours(master)).numbers);
  const { acknowledged } = result.pushes;
  expect(acknowledged.filter((number) => number > issued && !present.has(number))).toEqual([]);
}

/** Writes to the first node, as another client, until its offset is far above that of the second. */
export async function outgrow({ server }: Member, other: Member): Promise<void> {
  const goal = (await offsetOf(other)) + 5_000_000;
  const text = 'x'.repeat(500_000);
  const isAbove = async () => {
    await server.command('SET', 'foreign', text);
    return Number((await readInfo(server, 'replication')).get('master_repl_offset')) > goal;
  };
  await until('its offset is the highest', isAbove);
}

/** A separate server, unknown to the app; without a replica, an offset does not advance. */
export async function giveReplica({ server }: Member): Promise<void> {
  const replica = await startRedisServer({ args: ['--replicaof', server.host, String(server.port)] });
  onTestFinished(() => replica.stop());
  await whenInSync(server, [replica]);
}

export async function offsetOf({ server }: Member): Promise<number> {
  return Number((await readInfo(server, 'replication')).get('master_repl_offset'));
}

/** How many bytes of the history before its promotion this one has. */
export async function inheritedBy({ server }: Member): Promise<number> {
  return Number((await readInfo(server, 'replication')).get('second_repl_offset')) - 1;
}

/** A replica that cannot authenticate to its master receives nothing more from it, but can still be promoted. */
export async function cutReplication(master: Member, ...replicas: readonly Member[]): Promise<void> {
  await replicateAs(
    replicas.map(({ server }) => server),
    { name: 'nobody', password: 'no' },
  );
  await master.server.command('CLIENT', 'KILL', 'TYPE', 'replica');
  await until(
    'no replica is connected',
    async () => (await readInfo(master.server, 'replication')).get('connected_slaves') === '0',
  );
}

export function errorsOf({ app }: Stage): readonly string[] {
  return app.logs.of().flatMap(({ level, text }) => (level === 'error' ? [text] : []));
}

/** Expects log, topology and health to report that the master is contested; the alarm comes after a second. */
export async function expectContest(
  stage: Stage,
  fate: { readonly master: Member | undefined },
): Promise<void> {
  const { app } = stage;
  const master = fate.master?.endpoint;
  const isSo = async () => {
    const topology = await app.topology();
    return topology.kind === 'contested' && topology.master === master;
  };
  await until('the topology is contested', isSo, { state: app.topology });
  const words = master === undefined ? 'writes are held' : `writes stay with ${master}`;
  const isAlarmed = () => errorsOf(stage).some((line) => contestWords.test(line) && line.includes(words));
  await until('the alarm is raised', isAlarmed, { state: () => errorsOf(stage) });
  const isReported = async () => {
    const { redis } = await app.health.isWritable('redis');
    const topology = await app.topology();
    const isAlone = topology.kind === 'contested' && topology.claimants.length === 1;
    expect(redis).toMatchObject({
      status: master === undefined ? 'down' : 'degraded',
      reason: isAlone ? 'UNPROVEN' : 'SPLIT_BRAIN',
      topology: 'contested',
      master: master ?? null,
    });
    return true;
  };
  await until('health reports it', isReported);
}
