import { Test } from '@nestjs/testing';
import { Injectable } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { Cluster } from 'ioredis';
import {
  fromUrl,
  getRedisReaderToken,
  getRedisTopologyToken,
  getRedisWriterToken,
  InjectRedisReader,
  InjectRedisTopology,
  InjectRedisWriter,
  ReadOnlyConnectionError,
  RedisReplicationConnections,
  RedisReplicationModule,
  type ClusterTopology,
  type RedisReplicationModuleOptions,
} from 'nestjs-redis-replication';
import { RedisReplicationHealthIndicator } from 'nestjs-redis-replication/health';
import { filter, firstValueFrom, type Observable } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { slotOf } from '../../lib/cluster/slots.js';
import { handOver, beginMove, startCluster, type ClusterGroup } from '../support/cluster-group.js';
import { readPage, sectionOf } from '../docs/pages.js';
import { matching } from '../support/matchers.js';
import { forTests } from '../support/patience.js';
import { recordLogs } from '../support/recorded-logs.js';
import { until } from '../../lib/testing/servers/until.js';

let group: ClusterGroup;

beforeAll(async () => {
  group = await startCluster({ elections: true });
});

beforeEach(() => group.whenSettled());

afterAll(() => group.stop());

@Injectable()
class Notes {
  constructor(
    @InjectRedisWriter() readonly writer: Cluster,
    @InjectRedisReader() readonly reader: Cluster,
    @InjectRedisTopology() readonly topology$: Observable<ClusterTopology>,
  ) {}
}

async function startApp(options: Partial<RedisReplicationModuleOptions> = {}) {
  const { source: _source, cluster = { nodes: group.endpoints.slice(0, 2) }, ...rest } = options;
  const logs = recordLogs();
  const module = await Test.createTestingModule({
    imports: [
      TerminusModule,
      RedisReplicationModule.forRootAsync({
        useFactory: () => ({ ...forTests, boot: 'required' as const, ...rest, cluster }),
      }),
    ],
    providers: [Notes, RedisReplicationHealthIndicator],
  })
    .setLogger(logs)
    .compile();
  await module.init();
  onTestFinished(() => module.close());
  const { writer, reader, topology$ } = module.get(Notes);
  const health = module.get(RedisReplicationHealthIndicator);
  const look = async () => (await health.isWritable('redis', { timeoutMs: 5000 })).redis;
  const whenTopology = (fits: (topology: ClusterTopology) => boolean) =>
    firstValueFrom(topology$.pipe(filter(fits)));
  return { module, writer, reader, topology$, look, whenTopology, logs };
}

test('the URL of a cluster is enough to write to every shard', async () => {
  const { writer } = await startApp(fromUrl(`redis+cluster://${group.endpoints.slice(0, 2).join(',')}/0`));
  const keys = Array.from({ length: 20 }, (_, index) => `url:${index}`);
  expect(await Promise.all(keys.map((key) => writer.set(key, 'value')))).toEqual(keys.map(() => 'OK'));
  expect(writer.nodes('master')).toHaveLength(3);
});

/** As CLIENT LIST of all running nodes shows them. */
async function connectionsTo(nodes = group.nodes): Promise<number> {
  const lists = await Promise.all(nodes.map((node) => node.command('CLIENT', 'LIST').catch(() => '')));
  return lists
    .join('\n')
    .split('\n')
    .filter((line) => line.includes('nestjs-redis-replication')).length;
}

test('writer and reader are clusters of ioredis, and the topology names each shard', async () => {
  const { module, writer, reader, topology$ } = await startApp();
  expect(writer).toBeInstanceOf(Cluster);
  expect(reader).toBeInstanceOf(Cluster);
  expect([writer.isCluster, writer.status]).toEqual([true, 'ready']);
  expect(module.get(getRedisWriterToken())).toBe(writer);
  expect(module.get(getRedisReaderToken())).toBe(reader);
  expect(module.get(getRedisTopologyToken())).toBe(topology$);
  const topology = await firstValueFrom(topology$.pipe(filter(({ kind }) => kind === 'steady')));
  expect(topology.unassignedSlots).toBe(0);
  expect(topology.shards.map(({ topology: { kind, generation } }) => [kind, generation])).toEqual([
    ['steady', 1],
    ['steady', 1],
    ['steady', 1],
  ]);
  expect(new Set(topology.shards.map(({ slots }) => slots[0]?.first))).toEqual(new Set([0, 5461, 10_922]));
});

test('all keys can be written and read, alone, together and by scripts', async () => {
  const { writer, reader } = await startApp({ readFrom: 'replica', redis: { keyPrefix: 'app:' } });
  const keys = Array.from({ length: 50 }, (_none, index) => `key:${index}`);
  await Promise.all(keys.map((key) => writer.set(key, key)));
  expect(await Promise.all(keys.map((key) => writer.get(key)))).toEqual(keys);
  expect(await writer.mset('{t}1', 'a', '{t}2', 'b')).toBe('OK');
  expect(await writer.mget('{t}1', '{t}2')).toEqual(['a', 'b']);
  expect(await writer.multi().incr('{t}count').incr('{t}count').exec()).toEqual([
    [null, 1],
    [null, 2],
  ]);
  expect(await writer.eval("return redis.call('GET', KEYS[1])", 1, '{t}1')).toBe('a');
  await expect(writer.mget('a', 'b')).rejects.toThrow(/CROSSSLOT/);
  await until('replicas have it', async () => (await reader.get('key:1')) === 'key:1');
  expect(await Promise.all(keys.map((key) => reader.get(key)))).toEqual(keys);
  await expect(reader.set('key:1', 'x')).rejects.toBeInstanceOf(ReadOnlyConnectionError);
});

test('the reader reads from replicas, and from the master where there is none', async () => {
  const { reader, writer, whenTopology } = await startApp({ readFrom: 'replicaPreferred' });
  await writer.set('a', 'value');
  const master = await group.masterOf('a');
  const [replica] = await group.replicasOf(master);
  await until('the replica has it', async () => (await reader.get('a')) === 'value');
  const reads = async () =>
    Number(/keyspace_hits:(\d+)/.exec(String(await master.command('INFO', 'stats')))?.[1]);
  const before = await reads();
  await reader.get('a');
  expect(await reads()).toBe(before);
  await replica?.kill();
  await whenTopology(({ shards }) =>
    shards.some(({ topology }) =>
      topology.nodes.some((node) => node.endpoint === replica?.endpoint && !node.reachable),
    ),
  );
  expect(await reader.get('a')).toBe('value');
  expect(await reads()).toBe(before + 1);
  await replica?.restart();
});

test('subscribers get the messages of all nodes, also after the node that they are on has died', async () => {
  const { writer, whenTopology } = await startApp();
  const subscriber = writer.duplicate();
  onTestFinished(() => subscriber.disconnect());
  const messages: string[] = [];
  subscriber.on('message', (_channel: string, message: string) => messages.push(message));
  await subscriber.subscribe('news');
  // Nodes pass a message on to those that they are connected to at that moment.
  const isReceived = async (message: string) => {
    await writer.publish('news', message).catch(() => undefined);
    return messages.includes(message);
  };
  await until('a message is received', () => isReceived('first'));
  const lists = await Promise.all(group.nodes.map((node) => node.command('PUBSUB', 'NUMSUB', 'news')));
  const host = group.nodes.find((_node, index) => String(lists[index]) === 'news,1');
  await host?.kill();
  await until('a message is received again', () => isReceived('second'));
  await host?.restart();
  await group.whenSettled();
  await whenTopology(({ kind }) => kind === 'steady');
});

test('health proves a write on every shard, and names the one that refuses it', async () => {
  const { look, whenTopology } = await startApp({ minReplicas: 1 });
  await until('it is up', async () => (await look()).status === 'up');
  expect(await look()).toMatchObject({
    status: 'up',
    topology: 'steady',
    shards: [{ status: 'up' }, { status: 'up' }, { status: 'up' }],
  });
  const master = await group.masterOf('a');
  const [replica] = await group.replicasOf(master);
  await master.command('CONFIG', 'SET', 'min-replicas-to-write', 5);
  expect(await look()).toMatchObject({
    status: 'down',
    reason: 'NOREPLICAS',
    message: matching(/^shard \d+-\d+: NOREPLICAS/),
  });
  await master.command('CONFIG', 'SET', 'min-replicas-to-write', 0);
  await replica?.kill();
  await whenTopology(({ shards }) =>
    shards.some(({ topology }) =>
      topology.nodes.some((node) => node.endpoint === replica?.endpoint && !node.reachable),
    ),
  );
  expect(await look()).toMatchObject({
    status: 'degraded',
    message: matching(/^shard .*: 0 of at least 1 replicas can be used$/),
  });
  await master.kill();
  await whenTopology(({ kind }) => kind === 'partial');
  const health = await look();
  expect(health).toMatchObject({ status: 'down', topology: 'partial', reason: 'NO_MASTER' });
  expect(health.shards).toMatchObject(expect.arrayContaining([expect.objectContaining({ status: 'up' })]));
  await Promise.all([master.restart(), replica?.restart()]);
  await group.whenSettled();
  await whenTopology(({ kind }) => kind === 'steady');
  expect(await look()).toMatchObject({ topology: 'steady' });
});

test('health is degraded while slots are being moved', async () => {
  const { look, whenTopology } = await startApp();
  const [from, to] = [await group.masterOf('a'), await group.masterOf('b')];
  await beginMove(slotOf('a'), from, to);
  await whenTopology(({ shards }) => shards.some(({ migratingSlots }) => migratingSlots.length > 0));
  expect(await look()).toMatchObject({
    status: 'degraded',
    message: matching(/1 of its slots are being moved/),
  });
  for (const node of [from, to]) await node.command('CLUSTER', 'SETSLOT', slotOf('a'), 'STABLE');
  await until('it is up', async () => (await look()).status === 'up');
});

test('closing the app leaves no connection, and duplicates end too', async () => {
  const { module, writer, reader } = await startApp();
  const duplicate = writer.duplicate();
  await duplicate.set('a', 'value');
  await reader.get('a');
  expect(await connectionsTo()).toBeGreaterThan(0);
  await module.close();
  await until('all connections are gone', async () => (await connectionsTo()) === 0);
  expect([writer.status, reader.status]).toEqual(['end', 'end']);
  await until('the duplicate has ended', () => duplicate.status === 'end');
  await expect(writer.set('a', 'value')).rejects.toThrow('Connection is closed.');
});

test('a connection that the app has closed can be opened again', async () => {
  const { writer } = await startApp();
  const duplicate = writer.duplicate(undefined, { lazyConnect: true });
  expect(duplicate.status).toBe('wait');
  expect(await duplicate.set('a', '1')).toBe('OK');
  expect(await duplicate.quit()).toBe('OK');
  await until('it has ended', () => duplicate.status === 'end');
  await duplicate.connect();
  expect(await duplicate.get('a')).toBe('1');
  expect(await duplicate.pipeline().get('a').exec()).toEqual([[null, '1']]);
  duplicate.disconnect();
});

test('a required boot that fails names what was seen', async () => {
  await expect(startApp({ cluster: { nodes: ['127.0.0.1:1'] }, bootTimeoutMs: 1000 })).rejects.toThrow(
    /no writer within 1000 ms .*: no node has told the slots of the cluster; 127.0.0.1:1 did not tell the slots of the cluster: /,
  );
});

describe('a user of the page', () => {
  const page = sectionOf(readPage('docs/cluster.md'), 'Permissions');
  const users = [...page.matchAll(/^ACL SETUSER app on >password (.+)$/gm)].map(([, rules = '']) => rules);

  /** A shard for each user: one that fails over again at once may be turned back by the others, seconds later. */
  const keyOfShard = (index: number) =>
    Array.from({ length: 100 }, (_none, number) => `key-${number}`).find(
      (key) => Math.floor((3 * slotOf(`app:${key}`)) / 16_384) === index,
    ) ?? '';

  test.each([
    ['with everything that the library can use', 0, []],
    ['with the least with which nothing is missing', 1, []],
    ['with no right to INFO and the channel', 2, ['INFO', 'SUBSCRIBE']],
  ])('works through a failover of a shard: one %s', async (_what, index, missing) => {
    expect(users).toHaveLength(3);
    const rules = users[index] ?? '';
    for (const node of group.nodes) {
      await node.command('ACL', 'SETUSER', 'app', 'reset', 'on', '>password', ...rules.split(' '));
    }
    const { writer, reader, look, logs } = await startApp({
      redis: { username: 'app', password: 'password', keyPrefix: 'app:' },
      readFrom: 'replica',
      probeKey: 'probe',
    });
    const key = keyOfShard(index);
    expect(await writer.set(key, 'first')).toBe('OK');
    await until('the replica has it', async () => (await reader.get(key)) === 'first');
    await until('it is up', async () => (await look()).status === 'up');
    const [heir] = await group.replicasOf(await group.masterOf(`app:${key}`));
    await handOver(heir);
    expect(await writer.set(key, 'second')).toBe('OK');
    expect(await heir?.command('GET', `app:${key}`)).toBe('second');
    const said = logs.of().filter(({ level, text }) => level !== 'log' && /NOPERM|may not/.test(text));
    const named = said.flatMap(({ text }) => /may not .*?\b(INFO|SUBSCRIBE)\b/.exec(text)?.[1] ?? text);
    expect([...new Set(named)].toSorted()).toEqual(missing);
  });
});

test('the reader is readable on every shard, and the shard where it is not is named', async () => {
  const { module, whenTopology } = await startApp({ readFrom: 'replica' });
  await whenTopology(({ shards }) =>
    shards.every(({ topology }) => topology.nodes.some(({ kind }) => kind === 'replica')),
  );
  const check = async () =>
    (await module.get(RedisReplicationHealthIndicator).isReadable('reader', { timeoutMs: 5000 })).reader;
  const [first] = group.nodes.slice(3);
  if (first === undefined) throw new Error('The cluster has replicas');
  await until('all shards can be read', async () => {
    expect(await check()).toMatchObject({ status: 'up', shards: [{ role: 'replica' }, {}, {}] });
    return true;
  });
  first.hang();
  onTestFinished(() => first.resume());
  await until('one shard cannot be read', async () => {
    expect(await check()).toMatchObject({ status: 'down', message: matching(/^shard \d+-\d+: /) });
    return true;
  });
});

test('the connections of a cluster are found by name at run time', async () => {
  const { module, writer, reader } = await startApp();
  const found = module.get(RedisReplicationConnections).get();
  expect(found.kind).toBe('cluster');
  expect(found.writer).toBe(writer);
  expect(found.reader).toBe(reader);
  expect(await found.writer.set('found', 'value')).toBe('OK');
});

test('`lazyConnect` is shown as the app has set it, and a duplicate does what it says', async () => {
  const { writer } = await startApp();
  expect(writer.options.lazyConnect).toBe(false);
  expect(writer.duplicate().status).not.toBe('wait');
  const lazy = writer.duplicate([], { lazyConnect: true });
  expect(lazy.options.lazyConnect).toBe(true);
  await lazy.connect();
  expect(await lazy.set('key', 'value')).toBe('OK');
  const asked = await startApp({ boot: 'background', redis: { lazyConnect: true } });
  expect(asked.writer.options.lazyConnect).toBe(true);
  const duplicate = asked.writer.duplicate();
  expect(duplicate.status).toBe('wait');
  await duplicate.connect();
  expect(await duplicate.get('key')).toBe('value');
});
