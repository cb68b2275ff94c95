import { HealthIndicatorService } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { Redis } from 'ioredis';
import { getRedisWriterToken } from 'nestjs-redis-replication';
import { RedisReplicationHealthIndicator } from 'nestjs-redis-replication/health';
import { filter, firstValueFrom } from 'rxjs';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { fakeId } from '../support/fake-node-state.js';
import { startFakeNode, type FakeNode, type FakeNodeOptions } from '../support/fake-node.js';
import { containing } from '../support/matchers.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { until } from '../../lib/testing/servers/until.js';

let node: FakeNode;

beforeEach(async () => {
  node = await fakeNode();
});

async function fakeNode(options?: FakeNodeOptions): Promise<FakeNode> {
  const fake = await startFakeNode(options);
  onTestFinished(() => fake.stop());
  return fake;
}

async function checkHealth({ health }: TestApp, timeoutMs?: number) {
  const { redis } = await health.isWritable('redis', timeoutMs === undefined ? {} : { timeoutMs });
  return redis;
}

async function whenKind({ topology$ }: TestApp, wanted: string): Promise<void> {
  await firstValueFrom(topology$.pipe(filter(({ kind }) => kind === wanted)));
}

test('READONLY: a node that still reports the role of a master refuses writes', async () => {
  const app = await startApp([node.endpoint]);
  node.refuse("READONLY You can't write against a read only replica.", 'SETRANGE');
  expect(await checkHealth(app)).toMatchObject({ status: 'down', reason: 'READONLY', master: node.endpoint });
  node.allow();
  await until('it is up again', async () => (await checkHealth(app))?.status === 'up');
});

test('an unknown error is down with the message of the server', async () => {
  const app = await startApp([node.endpoint]);
  node.refuse('ERR something else', 'SETRANGE');
  expect(await checkHealth(app)).toMatchObject({
    status: 'down',
    reason: 'ERROR',
    message: 'ERR something else',
  });
});

test('LOADING: the only node loads its data', async () => {
  node.update({ loading: true });
  const app = await startApp([node.endpoint], { boot: 'background' });
  await whenKind(app, 'masterless');
  expect(await checkHealth(app)).toMatchObject({
    status: 'down',
    reason: 'LOADING',
    message: containing('the server is loading its data'),
  });
  node.update({ loading: false });
  await until('it is up', async () => (await checkHealth(app))?.status === 'up');
});

test('CLOSED: the app has closed the writer', async () => {
  const app = await startApp([node.endpoint]);
  app.writer.disconnect();
  await until('its socket is gone', () => app.writer.status === 'end');
  expect(await checkHealth(app)).toMatchObject({ status: 'down', reason: 'CLOSED' });
});

test('CLOSED: the whole app is closed', async () => {
  const app = await startApp([node.endpoint]);
  await app.context.close();
  await until('its socket is gone', () => app.writer.status === 'end');
  expect(await checkHealth(app)).toMatchObject({ status: 'down', reason: 'CLOSED' });
});

test('SPLIT_BRAIN: down if two unrelated nodes are masters from the start', async () => {
  const stranger = await fakeNode({ runId: fakeId('stranger'), replid: fakeId('of the stranger') });
  const app = await startApp([node.endpoint, stranger.endpoint], { boot: 'background' });
  await whenKind(app, 'contested');
  expect(await checkHealth(app)).toMatchObject({
    status: 'down',
    reason: 'SPLIT_BRAIN',
    master: null,
    topology: 'contested',
  });
});

test('SPLIT_BRAIN: degraded if writes stay with the accepted master', async () => {
  const other = await fakeNode({ role: 'replica', runId: fakeId('other'), master: node.endpoint });
  const app = await startApp([node.endpoint, other.endpoint]);
  other.update({ role: 'master', runId: fakeId('stranger'), replid: fakeId('of the stranger') });
  await whenKind(app, 'contested');
  expect(await checkHealth(app)).toMatchObject({
    status: 'degraded',
    reason: 'SPLIT_BRAIN',
    master: node.endpoint,
    message: containing(other.endpoint),
  });
});

test('before the first probe of the nodes it is down, and does not wait for it', async () => {
  node.hang();
  const app = await startApp([node.endpoint], { boot: 'background' });
  expect(await checkHealth(app)).toMatchObject({
    status: 'down',
    reason: 'NO_MASTER',
    topology: 'unknown',
    message: 'not every node has been probed yet',
  });
});

test('it takes no longer than timeoutMs', async () => {
  const app = await startApp([node.endpoint], { shutdownTimeoutMs: 0 });
  node.hang('SETRANGE');
  for (const limitMs of [30, 120]) {
    const startedAt = performance.now();
    const result = await checkHealth(app, limitMs);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(limitMs - 2);
    // By default it would be a second.
    expect(performance.now() - startedAt).toBeLessThan(limitMs + 800);
    // Whether an observer got an answer within so short a limit, and so the reason, is a matter of the machine.
    const message = containing(`a write within ${limitMs} ms`);
    expect(result).toMatchObject({ status: 'down', message, latencyMs: null });
  }
});

test('without timeoutMs it takes at most a second', async () => {
  const app = await startApp([node.endpoint], { shutdownTimeoutMs: 0 });
  node.hang('SETRANGE');
  const startedAt = performance.now();
  expect(await checkHealth(app)).toMatchObject({ message: containing('within 1000 ms') });
  expect(performance.now() - startedAt).toBeLessThan(5000);
});

test('it writes nothing to the probe key, once, with the key prefix', async () => {
  const app = await startApp([node.endpoint], { redis: { keyPrefix: 'app:' }, probeKey: 'health' });
  await checkHealth(app);
  expect(node.commands.filter(([name]) => name === 'setrange')).toEqual([
    ['setrange', 'app:health', '0', ''],
  ]);
  expect(node.data.size).toBe(0);
});

test('it opens no connection', async () => {
  const app = await startApp([node.endpoint], { readFrom: 'master' });
  await until('both connections and the watcher are there', () => node.connections === 4);
  const hellos = () => node.commands.filter(([name]) => name === 'hello').length;
  const before = hellos();
  await Promise.all(Array.from({ length: 20 }, () => checkHealth(app)));
  expect(node.connections).toBe(4);
  expect(hellos()).toBe(before);
});

test('it does not wait behind held commands, and releases none of them', async () => {
  node.update({ role: 'replica' });
  const app = await startApp([node.endpoint], { boot: 'background', hold: { maxCommands: 1 } });
  const held = app.writer.set('key', 'value');
  await whenKind(app, 'masterless');
  expect(await checkHealth(app)).toMatchObject({ status: 'down', reason: 'NO_MASTER' });
  expect(node.data.size).toBe(0);
  node.become('master');
  expect(await held).toBe('OK');
});

test('a plain connection with which a test replaced the writer is probed too', async () => {
  const plain = new Redis({ host: '127.0.0.1', port: node.port, lazyConnect: true });
  onTestFinished(() => plain.disconnect());
  const app = await startApp(
    [node.endpoint],
    {},
    { override: (builder) => builder.overrideProvider(getRedisWriterToken()).useValue(plain) },
  );
  expect(await checkHealth(app)).toMatchObject({ status: 'up' });
  node.refuse('OOM no memory', 'SETRANGE');
  expect(await checkHealth(app)).toMatchObject({ status: 'down', reason: 'OOM' });
});

test.each([
  ['an error', new Error('broken'), 'broken'],
  ['a string', 'just words', 'just words'],
])('a writer that throws %s is down, and nothing is thrown', async (_what, thrown, message) => {
  const broken = {
    status: 'ready',
    setrange: () => {
      // oxlint-disable-next-line typescript/only-throw-error -- a replacement may throw anything
      throw thrown;
    },
  };
  const app = await startApp(
    [node.endpoint],
    {},
    { override: (builder) => builder.overrideProvider(getRedisWriterToken()).useValue(broken) },
  );
  expect(await checkHealth(app)).toMatchObject({ status: 'down', reason: 'ERROR', message });
});

test('Terminus without "degraded" gets "up", with the message in the data', async () => {
  const service = new HealthIndicatorService();
  const terminus11 = {
    check: (key: string) => {
      const session = service.check(key);
      return { up: session.up.bind(session), down: session.down.bind(session) };
    },
  };
  const app = await startApp(
    [node.endpoint],
    { minReplicas: 1 },
    { override: (builder) => builder.overrideProvider(HealthIndicatorService).useValue(terminus11) },
  );
  expect(await checkHealth(app)).toMatchObject({
    status: 'up',
    message: '0 of at least 1 replicas can be used',
  });
});

test('without TerminusModule the boot fails', async () => {
  const testing = Test.createTestingModule({ providers: [RedisReplicationHealthIndicator] });
  const app = await testing.compile();
  await expect(app.init()).rejects.toThrow('HealthIndicatorService');
});
