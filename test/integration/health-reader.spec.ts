import { Controller, Get, Module } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import {
  RedisReplicationHealthIndicator,
  RedisReplicationHealthModule,
} from 'nestjs-redis-replication/health';
import { expect, onTestFinished, test } from 'vitest';
import { recordLogs } from '../support/recorded-logs.js';
import { startGroup, type GroupOptions } from '../../lib/testing/servers/server-group.js';
import { replicationOf, startApp, type TestApp } from '../support/test-app.js';
import { startProxy } from '../../lib/testing/network/tcp-proxy.js';
import { until } from '../../lib/testing/servers/until.js';
import { createUser } from '../support/users.js';

async function startPair(options: GroupOptions = {}) {
  const group = await startGroup({ replicas: 1, ...options });
  onTestFinished(() => group.stop());
  const [replica] = group.replicas;
  if (replica === undefined) throw new Error('A group has a replica');
  return { group, master: group.master, replica, endpoints: group.endpoints };
}

async function look({ health }: TestApp, options: { maxLagBytes?: number; timeoutMs?: number } = {}) {
  const { redis } = await health.isReadable('redis', { timeoutMs: 1000, ...options });
  return redis;
}

async function becomes(
  app: TestApp,
  expected: object,
  options: { maxLagBytes?: number } = {},
): Promise<void> {
  await until(
    JSON.stringify(expected),
    async () => {
      expect(await look(app, options)).toMatchObject(expected);
      return true;
    },
    { timeoutMs: 10_000 },
  );
}

test('the reader is up on its replica, and moves to the master when the replica is lost', async () => {
  const { master, replica, endpoints } = await startPair();
  const app = await startApp(endpoints);
  await becomes(app, { status: 'up', node: replica.endpoint, role: 'replica', link: 'up', lagBytes: 0 });
  await replica.kill();
  await becomes(app, { status: 'up', node: master.endpoint, role: 'master', lagBytes: null });
});

test('without a node that it may read from, the reader is down, and says what there is', async () => {
  const { replica, endpoints } = await startPair();
  const app = await startApp(endpoints, { readFrom: 'replica' });
  await becomes(app, { status: 'up', node: replica.endpoint });
  await replica.kill();
  await becomes(app, { status: 'down', reason: 'NO_NODE', node: null });
});

test('a replica that falls behind is down beyond the lag that is allowed, and up again when it has caught up', async () => {
  const { master, replica, endpoints } = await startPair();
  const proxy = await startProxy(master.port);
  onTestFinished(() => proxy.stop());
  await replica.command('REPLICAOF', proxy.host, proxy.port);
  const app = await startApp(endpoints, { readFrom: 'replica' });
  await becomes(app, { status: 'up', node: replica.endpoint, link: 'up' }, { maxLagBytes: 1000 });
  proxy.partition('toClient');
  await app.writer.set('key', 'x'.repeat(2000));
  await becomes(app, { status: 'down', reason: 'LAG' }, { maxLagBytes: 1000 });
  expect(await look(app)).toMatchObject({ status: 'up' });
  proxy.heal();
  proxy.cut();
  await becomes(app, { status: 'up' }, { maxLagBytes: 1000 });
});

test('a replica without its master is degraded: it answers with data of an unknown age', async () => {
  const { master, replica, endpoints } = await startPair();
  const app = await startApp(endpoints);
  await becomes(app, { status: 'up', node: replica.endpoint });
  await master.kill();
  await becomes(app, { status: 'degraded', node: replica.endpoint, link: 'down', topology: 'masterless' });
});

test('a node that hangs, a user without the right, and a closed reader are down with the reason', async () => {
  const { replica, endpoints, group } = await startPair();
  const user = { name: 'app', password: 'secret', rules: ['~*', '&*', '+@all', '-exists'] };
  await createUser(group.nodes, user);
  const redis = { username: user.name, password: user.password };
  const app = await startApp(endpoints, { readFrom: 'replica', redis });
  await becomes(app, { status: 'down', reason: 'NOPERM' });
  replica.hang();
  await becomes(app, { status: 'down', reason: 'TIMEOUT' });
  replica.resume();
  app.reader.disconnect();
  await becomes(app, { status: 'down', reason: 'CLOSED' });
});

test('checking the reader opens no connection', async () => {
  const { replica, endpoints } = await startPair();
  const app = await startApp(endpoints);
  await becomes(app, { status: 'up', node: replica.endpoint });
  const count = async () =>
    /total_connections_received:(\d+)/.exec(String(await replica.command('INFO', 'stats')))?.[1];
  const before = await count();
  for (let time = 0; time < 20; time++) await look(app);
  expect(await count()).toBe(before);
});

test('wrong options are down, with what is allowed', async () => {
  const { endpoints } = await startPair();
  const { health } = await startApp(endpoints);
  const check = async (options: object): Promise<unknown> =>
    Reflect.apply(health.isReadable, health, ['redis', options]);
  expect(await check({ maxLagBytes: -1 })).toMatchObject({
    redis: {
      status: 'down',
      reason: 'ERROR',
      message: 'isReadable: option "maxLagBytes" is -1; allowed is a whole number from 0',
    },
  });
});

test('RedisReplicationHealthModule provides the indicator to the module that imports it beside Terminus', async () => {
  const { replica, endpoints } = await startPair();
  @Controller()
  class HealthController {
    constructor(
      private readonly health: HealthCheckService,
      private readonly redis: RedisReplicationHealthIndicator,
    ) {}

    @Get()
    @HealthCheck()
    check() {
      return this.health.check([
        () => this.redis.isWritable('writer'),
        () => this.redis.isReadable('reader'),
      ]);
    }
  }
  @Module({ imports: [TerminusModule, RedisReplicationHealthModule], controllers: [HealthController] })
  class HealthModule {}
  const app = await Test.createTestingModule({
    imports: [replicationOf(endpoints, { boot: 'required' }), HealthModule],
  })
    .setLogger(recordLogs())
    .compile();
  await app.init();
  onTestFinished(() => app.close());
  await until('both are up', async () => {
    expect(await app.get(HealthController, { strict: false }).check()).toMatchObject({
      status: 'ok',
      details: { writer: { status: 'up' }, reader: { status: 'up', node: replica.endpoint } },
    });
    return true;
  });
});
