import { RedisReplicationMetricsModule } from 'nestjs-redis-replication/metrics';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { promote } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { until } from '../../lib/testing/servers/until.js';
import { rolesOf } from '../support/group-roles.js';
import { measure, type Measured } from '../support/metric-reader.js';
import { startApp, type TestApp } from '../support/test-app.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

beforeEach(() => restoreGroup(group));

afterAll(() => group.stop());

interface MeasuredApp extends TestApp, Measured {}

async function startMeasured(options: Parameters<typeof startApp>[1] = {}): Promise<MeasuredApp> {
  const measured = measure();
  const { meterProvider } = measured;
  const app = await startApp(group.endpoints, options, {
    modules: [RedisReplicationMetricsModule.forRoot({ meterProvider })],
  });
  return { ...app, ...measured };
}

const kill = async (app: MeasuredApp) => {
  const { master, heir } = rolesOf(group);
  await master.kill();
  await until('the master is gone', async () => (await app.topology()).kind === 'masterless');
  return { master, heir };
};

test('a failover is counted by cause and proof, with the time of its phases', async () => {
  const app = await startMeasured();
  const { heir } = await kill(app);
  const written = app.writer.set('key', 'value');
  await promote(heir);
  await written;
  const phases = ['detection', 'decision', 'connection', 'acknowledgement', 'total'];
  await until('the failover is complete', async () => {
    const total = { 'redis.failover.phase': 'total' };
    return (await app.read('redis.replication.failover.duration', total)) === 1;
  });
  for (const phase of phases) {
    const labels = { 'redis.failover.phase': phase };
    expect(await app.read('redis.replication.failover.duration', labels), phase).toBe(1);
  }
  expect(await app.seriesOf('redis.replication.failovers')).toEqual([
    {
      'db.system.name': 'redis',
      'redis.instance': 'default',
      'redis.failover.cause': 'connection_closed',
      'redis.failover.proof': 'history',
    },
  ]);
  expect(await app.read('redis.replication.topology.generation')).toBe(2);
  expect(await app.read('redis.replication.masterless.time')).toBeGreaterThan(0);
});

test('held commands are shown while they wait, and with how they ended', async () => {
  const app = await startMeasured({ hold: { maxCommands: 2, timeoutMs: 60_000 } });
  const { heir } = await kill(app);
  const writer = { 'redis.connection': 'writer', 'db.client.connection.pool.name': 'default:writer' };
  const held = [app.writer.set('key', 'value'), app.writer.incr('counter')];
  await expect(app.writer.set('key', 'too much')).rejects.toThrow('2 commands are held already');
  expect(await app.read('db.client.connection.pending_requests', writer)).toBe(2);
  expect(await app.read('redis.replication.held.size', writer)).toBeGreaterThan(10);
  expect(await app.read('redis.replication.held.utilization', writer)).toBe(1);
  expect(await app.read('db.client.connection.count', writer)).toBe(0);
  await promote(heir);
  await Promise.all(held);
  const outcome = (name: string, reason?: string) =>
    app.read('redis.replication.commands', {
      ...writer,
      'redis.command.outcome': name,
      ...(reason !== undefined && { 'redis.command.reason': reason }),
    });
  expect(await outcome('held')).toBe(2);
  expect(await outcome('sent')).toBe(2);
  expect(await outcome('not_applied', 'full')).toBe(1);
  expect(await outcome('not_applied', 'timed_out')).toBe(0);
  expect(await app.read('db.client.connection.wait_time', writer)).toBe(2);
  expect(await app.read('db.client.connection.pending_requests', writer)).toBe(0);
  expect(await app.read('db.client.connection.count', writer)).toBe(1);
});

test('nodes are counted by what they are, and a fault that is over counts 0', async () => {
  const app = await startMeasured();
  const { other } = rolesOf(group);
  const nodes = (kind: string) => app.read('redis.replication.nodes', { 'redis.node.kind': kind });
  const refused = { 'redis.node.kind': 'unusable', 'error.type': 'REFUSED' };
  await until('both replicas are known', async () => (await nodes('replica')) === 2);
  expect(await nodes('master')).toBe(1);
  expect(await nodes('unusable')).toBeUndefined();
  await other.kill();
  await until('it is unusable', async () => (await app.read('redis.replication.nodes', refused)) === 1);
  expect(await nodes('replica')).toBe(1);
  await other.restart();
  await until('it is back', async () => (await nodes('replica')) === 2);
  expect(await app.read('redis.replication.nodes', refused)).toBe(0);
  expect(await app.read('redis.replication.probes', { 'error.type': 'REFUSED' })).toBeGreaterThan(0);
  expect(await app.read('redis.replication.sweeps')).toBeGreaterThan(0);
});

test('replicas have a lag, and nodes a fleet, under the address of the node', async () => {
  const app = await startMeasured();
  await app.writer.set('key', 'value');
  const { heir, other } = rolesOf(group);
  await until(
    'both replicas have a lag',
    async () => (await app.seriesOf('redis.replication.lag.time')).length === 2,
  );
  for (const { host, port } of [heir, other]) {
    const node = { 'server.address': host, 'server.port': port };
    await until('it has caught up', async () => (await app.read('redis.replication.lag.size', node)) === 0);
    expect(await app.read('redis.replication.lag.time', node)).toBe(0);
    await until(
      'the fleet is counted',
      async () => (await app.read('redis.replication.fleet.size', node)) === 1,
    );
  }
});

test('credentials that change have an age, and fixed ones none', async () => {
  const fixed = await startMeasured();
  expect(await fixed.read('redis.replication.credentials.age')).toBeUndefined();
  const changing = await startMeasured({
    name: 'changing',
    credentials: () => ({ username: 'default', password: 'any' }),
  });
  expect(await changing.read('redis.replication.credentials.age')).toBeGreaterThan(0);
});

test('an attempt to connect that failed is counted by its fault', async () => {
  const { master } = rolesOf(group);
  // Probes select no database, so the topology is known. The handshake of the writer fails.
  await master.command('ACL', 'SETUSER', 'observer', 'on', 'nopass', '~*', '+@all', '-select');
  const login = { username: 'observer', password: 'any', db: 1 };
  const app = await startMeasured({ boot: 'background', redis: login });
  const failed = () => app.read('redis.replication.connects.failed', { 'redis.connection': 'writer' });
  await until('the writer failed to connect', async () => ((await failed()) ?? 0) > 0);
  const [series] = await app.seriesOf('redis.replication.connects.failed');
  expect(series?.['error.type']).toBe('ERROR');
});

test('nothing but counters of the library is exported: no key, no argument, no text of an error', async () => {
  const app = await startMeasured({ hold: { timeoutMs: 10 } });
  await kill(app);
  await expect(app.writer.set('a-key', 'an-argument')).rejects.toThrow('was not applied');
  const names = ['redis.replication.commands', 'redis.replication.nodes', 'redis.replication.probes'];
  const labels = await Promise.all(names.map((name) => app.seriesOf(name)));
  expect(JSON.stringify(labels)).not.toMatch(/a-key|an-argument|ECONN|held for/);
  expect(new Set(labels.flat(2).flatMap((each) => Object.keys(each)))).toEqual(
    new Set([
      'db.client.connection.pool.name',
      'db.system.name',
      'error.type',
      'redis.command.outcome',
      'redis.command.reason',
      'redis.connection',
      'redis.instance',
      'redis.node.kind',
    ]),
  );
});
