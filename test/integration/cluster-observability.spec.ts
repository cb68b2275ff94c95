import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Cluster } from 'ioredis';
import {
  getRedisFailoversToken,
  getRedisTopologyToken,
  getRedisWriterToken,
  RedisReplicationModule,
  type ClusterTopology,
  type RedisFailovers,
} from 'nestjs-redis-replication';
import { linkToFailover, RedisReplicationMetricsModule } from 'nestjs-redis-replication/metrics';
import { firstValueFrom, type Observable } from 'rxjs';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { until } from '../../lib/testing/servers/until.js';
import { startCluster, type ClusterGroup } from '../support/cluster-group.js';
import { withFields } from '../support/matchers.js';
import { measure } from '../support/metric-reader.js';
import { forTests } from '../support/patience.js';
import { shardOf } from '../support/open-cluster.js';
import { startModules } from '../support/test-app.js';
import { createTracing, linksOf } from '../support/traced-ioredis.js';

/** A key on each shard. */
const keys = ['{b}', '{a}', '{c}'] as const;

let group: ClusterGroup;
const { exporter, provider: tracerProvider, ...tracing } = createTracing();

beforeAll(async () => {
  tracing.start({ requestHook: linkToFailover });
  // No replica is elected before a test promotes it.
  group = await startCluster();
});

afterAll(async () => {
  tracing.stop();
  await group.stop();
});

async function startMeasured() {
  const measured = measure();
  const { meterProvider } = measured;
  const { context } = await startModules([
    RedisReplicationModule.forRoot({
      cluster: { nodes: group.endpoints },
      ...forTests,
      boot: 'required',
    }),
    RedisReplicationMetricsModule.forRoot({ meterProvider, tracerProvider }),
  ]);
  const writer: Cluster = context.get(getRedisWriterToken());
  const failovers: RedisFailovers = context.get(getRedisFailoversToken());
  const topology$: Observable<ClusterTopology> = context.get(getRedisTopologyToken());
  await Promise.all(keys.map((each) => writer.incr(each)));
  return { ...measured, writer, failovers, topology: () => firstValueFrom(topology$) };
}

/** What is published on a channel from now on. */
function listen(name: string): readonly unknown[] {
  const messages: unknown[] = [];
  const listener = (message: unknown) => void messages.push(message);
  subscribe(name, listener);
  onTestFinished(() => void unsubscribe(name, listener));
  return messages;
}

type App = Awaited<ReturnType<typeof startMeasured>>;

/** The failover of the shard that serves a key, while a request waits for a write to it. */
async function failOver(app: App, key: string) {
  const [master, topology] = [await group.masterOf(key), await app.topology()];
  const [heir] = await group.replicasOf(master);
  const shard = shardOf(topology, key)?.id ?? '';
  await master.kill();
  await until(
    'the master is gone',
    async () => shardOf(await app.topology(), key)?.topology.kind === 'masterless',
  );
  await tracerProvider.getTracer('app').startActiveSpan('request', async (span) => {
    const written = Promise.all(keys.map((each) => app.writer.incr(each)));
    await heir?.command('CLUSTER', 'FAILOVER', 'TAKEOVER');
    await written;
    span.end();
  });
  await until('the failover is complete', () => app.failovers.lastFailover?.kind === 'complete');
  return { from: master.endpoint, to: heir?.endpoint ?? '', shard };
}

test('metrics of a cluster have the shard, and a failover of one shard changes nothing of the others', async () => {
  const app = await startMeasured();
  const of = (id: string) => ({ 'redis.shard': id });
  const readEach = async (name: string, ids: readonly string[], labels = {}) =>
    new Map(
      await Promise.all(ids.map(async (id) => [id, await app.read(name, { ...of(id), ...labels })] as const)),
    );
  const ids = (await app.topology()).shards.map(({ id }) => id);
  const masterless = () => readEach('redis.replication.masterless.time', ids);
  // The time before a master was known counts as well, until the next probe.
  await until('each node was probed often', async () =>
    [...(await readEach('redis.replication.probes', ids)).values()].every((probes = 0) => probes >= 8),
  );
  const before = await masterless();
  const { shard } = await failOver(app, '{b}');
  const others = ids.filter((id) => id !== shard);
  expect((await app.topology()).shards.map(({ id }) => id)).toEqual(ids);
  expect(await app.seriesOf('redis.replication.failovers')).toEqual([
    {
      'db.system.name': 'redis',
      'redis.instance': 'default',
      'redis.shard': shard,
      'redis.failover.cause': 'connection_closed',
      'redis.failover.proof': 'history',
    },
  ]);
  const total = { 'redis.failover.phase': 'total' };
  expect(await readEach('redis.replication.failover.duration', ids, total)).toEqual(
    new Map(ids.map((id) => [id, id === shard ? 1 : undefined])),
  );
  expect(await readEach('redis.replication.topology.generation', ids)).toEqual(
    new Map(ids.map((id) => [id, id === shard ? 2 : 1])),
  );
  const steady = { 'redis.topology.kind': 'steady' };
  expect(await readEach('redis.replication.topology.state', ids, steady)).toEqual(
    new Map(ids.map((id) => [id, 1])),
  );
  const after = await masterless();
  expect(after.get(shard)).toBeGreaterThan(before.get(shard) ?? Infinity);
  expect(others.map((id) => after.get(id))).toEqual(others.map((id) => before.get(id)));
  const nodes = (kind: string) => readEach('redis.replication.nodes', ids, { 'redis.node.kind': kind });
  expect(await nodes('master')).toEqual(new Map(ids.map((id) => [id, 1])));
  expect(await nodes('unusable')).toEqual(new Map(ids.map((id) => [id, id === shard ? 1 : undefined])));
  const writer = { 'redis.connection': 'writer' };
  expect(
    await app.read('redis.replication.commands', { ...writer, 'redis.command.outcome': 'held' }),
  ).toBeGreaterThan(0);
  expect(await app.read('db.client.connection.count', writer)).toBe(3);
});

/** Those of one connection count all shards together, so that their number does not grow with the cluster. */
const withoutShard = [
  'db.client.connection.count',
  'db.client.connection.pending_requests',
  'db.client.connection.timeouts',
  'redis.replication.commands',
  'redis.replication.held.size',
  'redis.replication.held.utilization',
];

test('each series of a cluster is about one shard, or about one connection of the app', async () => {
  const app = await startMeasured();
  const ids = (await app.topology()).shards.map(({ id }) => id);
  await until(
    'replicas have a lag',
    async () => (await app.seriesOf('redis.replication.lag.time')).length > 0,
  );
  const names = await app.names();
  expect(names.length).toBeGreaterThan(12);
  for (const name of names) {
    const shards = new Set((await app.seriesOf(name)).map((labels) => labels['redis.shard']));
    const allowed = new Set<unknown>(withoutShard.includes(name) ? [undefined] : ids);
    expect(
      [...shards].filter((shard) => !allowed.has(shard)),
      name,
    ).toEqual([]);
  }
});

test('a failover of one shard is one span, one record and one message, which name the shard', async () => {
  const [messages, events] = [
    listen('nestjs-redis-replication:failover'),
    listen('nestjs-redis-replication:connection'),
  ];
  exporter.reset();
  const app = await startMeasured();
  // On a connection of its own, which any node serves.
  await app.writer.subscribe('news');
  const { from, to, shard } = await failOver(app, '{a}');
  const spans = () => exporter.getFinishedSpans().filter(({ name }) => name.startsWith('redis.'));
  await until('the span has ended', () => spans().length > 0);
  expect(spans().map(({ name, attributes }) => ({ name, shard: attributes['redis.shard'] }))).toEqual([
    { name: 'redis.failover', shard },
  ]);
  const [failover] = spans();
  expect(failover?.attributes).toMatchObject({ 'redis.failover.from': from, 'redis.failover.to': to });
  const request = exporter.getFinishedSpans().find(({ name }) => name === 'request');
  expect(linksOf(request)).toEqual([failover?.spanContext().spanId]);
  expect(request?.links[0]?.attributes).toEqual({
    'redis.instance': 'default',
    'redis.shard': shard,
    'redis.connection': 'writer',
  });
  const record = { instance: 'default', shard, from, to, kind: 'complete' };
  expect(app.failovers.failovers).toEqual([withFields({ ...record, commands: withFields({ held: 1 }) })]);
  expect(messages).toEqual([
    { instance: 'default', failover: withFields({ ...record, kind: 'open' }) },
    { instance: 'default', failover: withFields(record) },
  ]);
  const shut = {
    instance: 'default',
    event: withFields({ kind: 'shut', connection: 'writer', shard }),
  };
  expect(events).toContainEqual(shut);
  const ofWriter = events.filter((each) => JSON.stringify(each).includes('"writer"'));
  expect(ofWriter.filter((each) => !JSON.stringify(each).includes('"shard"'))).toEqual([]);
});
