import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller, Get } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import type { Topology } from 'nestjs-redis-replication';
import { RedisReplicationHealthIndicator } from 'nestjs-redis-replication/health';
import { filter, firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openControl } from '../../lib/testing/servers/control.js';
import { readInfo } from '../../lib/testing/servers/info.js';
import { aNumber, matching } from '../support/matchers.js';
import { recordLogs } from '../support/recorded-logs.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { save } from '../support/save.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { replicationOf, startApp, startModules, describeApp, type TestApp } from '../support/test-app.js';
import { until } from '../../lib/testing/servers/until.js';
import { createUser } from '../support/users.js';

let group: ServerGroup;
let master: RedisServer;
let replica: RedisServer;
let app: TestApp;

beforeAll(async () => {
  // Scripts are busy after 10 ms, and no ping to the replicas moves the replication offset.
  const args = ['--lua-time-limit', '10', '--repl-ping-replica-period', '3600'];
  group = await startGroup({ replicas: 1, args });
  const [first] = group.replicas;
  if (first === undefined) throw new Error('A group has a replica');
  [master, replica] = [group.master, first];
});

afterAll(() => group.stop());

/** On the group that all tests share and leave as it was. */
async function start(): Promise<void> {
  app = await startApp(group.endpoints, { minReplicas: 1 });
}

async function look(timeoutMs = 5000) {
  const { redis } = await app.health.isWritable('redis', { timeoutMs });
  return redis;
}

/** Puts the setting back when the test is over. */
async function configure(server: RedisServer, name: string, value: string): Promise<void> {
  const reply = await server.command('CONFIG', 'GET', name);
  const before = Array.isArray(reply) ? String(reply[1]) : '';
  await server.command('CONFIG', 'SET', name, value);
  onTestFinished(async () => {
    await server.command('CONFIG', 'SET', name, before);
  });
}

test('a group in order is up, and the data say who is master, since when, and who follows', async () => {
  await start();
  await until('the replica has caught up', async () =>
    (await app.topology()).nodes.every((each) => each.reachable),
  );
  expect(await look()).toEqual({
    status: 'up',
    master: master.endpoint,
    generation: 1,
    topology: 'steady',
    replicas: [{ endpoint: replica.endpoint, link: 'up', lagBytes: 0 }],
    latencyMs: aNumber,
  });
  const { latencyMs } = await look();
  expect(latencyMs).toBeGreaterThan(0);
});

test('probes open no connection, and change nothing on any server', async () => {
  await start();
  await look();
  const measure = async () => ({
    connections: (await readInfo(master, 'stats')).get('total_connections_received'),
    offset: (await readInfo(master, 'replication')).get('master_repl_offset'),
    keys: await master.command('DBSIZE'),
  });
  const before = await measure();
  const calls = Number(
    /calls=(\d+)/.exec((await readInfo(master, 'commandstats')).get('cmdstat_setrange') ?? '')?.[1],
  );
  const results = await Promise.all(Array.from({ length: 20 }, () => look()));
  expect(results.map((each) => each?.status)).toEqual(Array.from(results, () => 'up'));
  expect(await measure()).toEqual(before);
  const after = Number(
    /calls=(\d+)/.exec((await readInfo(master, 'commandstats')).get('cmdstat_setrange') ?? '')?.[1],
  );
  expect(after - calls).toBe(20);
});

test.each<[string, readonly [string, ...(string | number)[]]]>([
  ['nothing', ['DEL', 'probed']],
  ['a string', ['SET', 'probed', 'text']],
  ['an empty string', ['SETRANGE', 'probed', 0, '']],
  ['a number', ['SET', 'probed', 12]],
  ['a list', ['RPUSH', 'probed', 'a', 'b']],
  ['a set', ['SADD', 'probed', 'a', 'b']],
  ['a sorted set', ['ZADD', 'probed', 1, 'a']],
  ['a hash', ['HSET', 'probed', 'field', 'value']],
  ['a stream', ['XADD', 'probed', '1-1', 'field', 'value']],
  ['a bitmap', ['SETBIT', 'probed', 7, 1]],
  ['a HyperLogLog', ['PFADD', 'probed', 'a']],
])('a probe key that holds %s stays as it is, and the group is up', async (_, command) => {
  app = await startApp(group.endpoints, { probeKey: 'probed' });
  await master.command('DEL', 'probed');
  await master.command(...command);
  await master.command('PEXPIREAT', 'probed', 4_000_000_000_000);
  onTestFinished(async () => {
    await master.command('DEL', 'probed');
  });
  const measure = async () => ({
    data: await master.command('DUMP', 'probed'),
    encoding: await master.command('OBJECT', 'ENCODING', 'probed').catch(String),
    expiresAt: await master.command('PEXPIRETIME', 'probed').catch(String),
    offset: (await readInfo(master, 'replication')).get('master_repl_offset'),
  });
  const before = await measure();
  expect(await look()).toMatchObject({ status: 'up' });
  expect(await measure()).toEqual(before);
});

test('NOREPLICAS: too few replicas for the master to take writes', async () => {
  await start();
  await configure(master, 'min-replicas-to-write', '2');
  expect(await look()).toMatchObject({ status: 'down', reason: 'NOREPLICAS', master: master.endpoint });
});

test('OOM: the memory is full', async () => {
  await start();
  await configure(master, 'maxmemory', '1');
  expect(await look()).toMatchObject({ status: 'down', reason: 'OOM', master: master.endpoint });
});

test('MISCONF: the master cannot save its data', async () => {
  await start();
  const [, folder] = await master.command('CONFIG', 'GET', 'dir').then((reply) => [reply].flat());
  // A folder where the file should be: it cannot be replaced.
  const obstacle = join(String(folder), 'dump.rdb');
  await mkdir(obstacle);
  await writeFile(join(obstacle, 'file'), '');
  await configure(master, 'save', '3600 1');
  await save(master, 'BGSAVE');
  const isSaved = (wanted: string) => async () =>
    (await readInfo(master, 'persistence')).get('rdb_last_bgsave_status') === wanted;
  await until('saving has failed', isSaved('err'));
  expect(await look()).toMatchObject({
    status: 'down',
    reason: 'MISCONF',
    message: matching(/(unable|not able) to persist (to|on) disk/),
  });
  await rm(obstacle, { recursive: true });
  await save(master, 'BGSAVE');
  await until('saving works', isSaved('ok'));
  expect(await look()).toMatchObject({ status: 'up' });
});

test('BUSY: a script runs for too long', async () => {
  await start();
  const [other, third] = [openControl(master), openControl(master)];
  const script = other.command('EVAL', 'while true do end', 0).catch((error: unknown) => error);
  onTestFinished(() => other.reset());
  onTestFinished(() => third.reset());
  await until('the server is busy', async () => {
    const reply = await third.command('PING').catch((error: unknown) => error);
    return reply instanceof Error && reply.message.startsWith('BUSY');
  });
  expect(await look()).toMatchObject({ status: 'down', reason: 'BUSY', master: master.endpoint });
  await third.command('SCRIPT', 'KILL');
  await script;
  expect(await look()).toMatchObject({ status: 'up' });
});

test('PAUSED: the server answers, but not to writes', async () => {
  await start();
  await master.command('CLIENT', 'PAUSE', 5000, 'WRITE');
  expect(await look(1000)).toMatchObject({
    status: 'down',
    reason: 'PAUSED',
    message: `${master.endpoint} answers, but did not answer a write within 1000 ms`,
  });
  await master.command('CLIENT', 'UNPAUSE');
  expect(await look()).toMatchObject({ status: 'up' });
});

test('TIMEOUT: the master hangs; afterwards it is up again', async () => {
  app = await startApp(group.endpoints, { minReplicas: 1, replyTimeoutMs: 250 });
  master.hang();
  onTestFinished(() => master.resume());
  const startedAt = performance.now();
  const result = await look(2000);
  expect(performance.now() - startedAt).toBeLessThan(5000);
  expect(result).toMatchObject({ status: 'down', reason: 'TIMEOUT' });
  expect(result?.message).toMatch(/^no answer to a write within 2000 ms; no node is a master: .*TIMEOUT/);
  master.resume();
  await until('it is up', async () => (await look())?.status === 'up');
});

test('NO_MASTER: the master is gone and nobody took over', async () => {
  const pair = await startGroup({ replicas: 1 });
  onTestFinished(() => pair.stop());
  app = await startApp(pair.endpoints);
  await pair.master.kill();
  // A process that is ending may accept a connection a last time, and close it.
  const isRefused = ({ nodes }: Topology) =>
    nodes.some((node) => node.kind === 'unusable' && node.fault === 'REFUSED');
  await firstValueFrom(app.topology$.pipe(filter(isRefused)));
  const result = await look();
  expect(result).toMatchObject({ status: 'down', reason: 'NO_MASTER', master: null, topology: 'masterless' });
  expect(result?.message).toContain(`${pair.master.endpoint} (REFUSED: `);
  expect(result?.message).toContain(`${pair.replicas[0]?.endpoint} (replica, link `);
});

test('NOPERM: the user may not write the probe key', async () => {
  const user = { name: 'app', password: 'secret', rules: ['~app:*', '&*', '+@all'] };
  await createUser(group.nodes, user);
  const redis = { username: user.name, password: user.password };
  app = await startApp(group.endpoints, { redis });
  expect(await look()).toMatchObject({ status: 'down', reason: 'NOPERM', master: master.endpoint });
  await app.context.close();
  app = await startApp(group.endpoints, { redis: { ...redis, keyPrefix: 'app:' } });
  expect(await look()).toMatchObject({ status: 'up' });
  await app.context.close();
  app = await startApp(group.endpoints, { redis, probeKey: 'app:{probe}' });
  expect(await look()).toMatchObject({ status: 'up' });
});

test('NOAUTH: the password is wrong on every node', async () => {
  app = await startApp(group.endpoints, {
    boot: 'background',
    redis: { username: 'nobody', password: 'wrong' },
  });
  await firstValueFrom(app.topology$.pipe(filter(({ kind }) => kind === 'masterless')));
  const result = await look();
  expect(result).toMatchObject({ status: 'down', reason: 'NOAUTH', master: null });
  expect(result?.message).toContain(`${master.endpoint} (WRONGPASS: `);
});

test('degraded while fewer replicas than asked for can be used', async () => {
  app = await startApp(group.endpoints, { minReplicas: 2 });
  expect(await look()).toMatchObject({
    status: 'degraded',
    message: '1 of at least 2 replicas can be used',
    latencyMs: aNumber,
  });
});

test('after a failover the data name the new master and the next generation', async () => {
  const pair = await startGroup({ replicas: 1 });
  onTestFinished(() => pair.stop());
  app = await startApp(pair.endpoints);
  await pair.replicas[0]?.command('REPLICAOF', 'NO', 'ONE');
  await firstValueFrom(app.topology$.pipe(filter(({ generation }) => generation === 2)));
  await app.writer.set('key', 'value');
  expect(await look()).toMatchObject({ status: 'up', master: pair.replicas[0]?.endpoint, generation: 2 });
});

test('each named instance has a health of its own; a name that does not exist is down, not an error', async () => {
  const pair = await startGroup({ replicas: 1 });
  onTestFinished(() => pair.stop());
  const { context, logs } = await startModules([
    replicationOf(group.endpoints, { boot: 'required' }),
    replicationOf(pair.endpoints, { boot: 'required', name: 'sessions' }),
  ]);
  const { health } = describeApp(context, logs);
  expect(await health.isWritable('cache')).toMatchObject({
    cache: { status: 'up', master: master.endpoint },
  });
  const sessions = { name: 'sessions' };
  expect(await health.isWritable('sessions', sessions)).toMatchObject({
    sessions: { status: 'up', master: pair.master.endpoint },
  });
  await pair.master.command('CONFIG', 'SET', 'min-replicas-to-write', 9);
  expect(await health.isWritable('sessions', sessions)).toMatchObject({
    sessions: { status: 'down', reason: 'NOREPLICAS' },
  });
  expect(await health.isWritable('cache')).toMatchObject({ cache: { status: 'up' } });
  const wrong: readonly [unknown, string][] = [
    [{ name: 'session' }, 'there is no instance "session"; known are "default", "sessions"'],
    [{ nmae: 'sessions' }, 'isWritable: unknown option "nmae"; did you mean "name"?'],
    ['sessions', 'isWritable: option "options" is a string; allowed is an object with name, timeoutMs'],
    [
      { timeoutMs: '500' },
      'isWritable: option "timeoutMs" is "500", a number in a string; allowed is a number of milliseconds from 1 to 2147483647',
    ],
  ];
  for (const [options, message] of wrong) {
    const result: unknown = await Reflect.apply(health.isWritable, health, ['cache', options]);
    expect(result).toEqual({ cache: { status: 'down', reason: 'ERROR', message } });
  }
});

test('over HTTP a group is 200 while it takes writes and 503 while it does not', async () => {
  @Controller()
  class HealthController {
    constructor(
      private readonly health: HealthCheckService,
      private readonly redis: RedisReplicationHealthIndicator,
    ) {}

    @Get('health')
    @HealthCheck()
    check() {
      return this.health.check([() => this.redis.isWritable('redis')]);
    }
  }
  const module = await Test.createTestingModule({
    imports: [replicationOf(group.endpoints, { boot: 'required', minReplicas: 2 }), TerminusModule],
    controllers: [HealthController],
    providers: [RedisReplicationHealthIndicator],
  })
    .setLogger(recordLogs())
    .compile();
  const http = module.createNestApplication<NestExpressApplication>();
  onTestFinished(() => http.close());
  await http.listen(0, '127.0.0.1');
  const url = `${await http.getUrl()}/health`;
  const read = async () => {
    const response = await fetch(url, { headers: { connection: 'close' } });
    const body: unknown = await response.json();
    return { code: response.status, body };
  };
  expect(await read()).toMatchObject({
    code: 200,
    body: { status: 'degraded', details: { redis: { status: 'degraded', master: master.endpoint } } },
  });
  await configure(master, 'min-replicas-to-write', '2');
  expect(await read()).toMatchObject({
    code: 503,
    body: { status: 'error', error: { redis: { status: 'down', reason: 'NOREPLICAS' } } },
  });
});
