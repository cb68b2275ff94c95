import { inspect } from 'node:util';
import type { ChainableCommander } from 'ioredis';
import {
  NotAppliedError,
  UnknownOutcomeError,
  type RedisReplicationOptions,
  type Resend,
} from 'nestjs-redis-replication';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, onTestFinished } from 'vitest';
import { openReplication } from '../support/open-replication.js';
import { startRedisServer, type RedisServer } from '../../lib/testing/servers/redis-server.js';
import { startProxy, type TcpProxy } from '../../lib/testing/network/tcp-proxy.js';
import { until } from '../../lib/testing/servers/until.js';
import { emitted } from '../support/emitted.js';

const password = 'swordfish';
let server: RedisServer;
let proxy: TcpProxy;

beforeAll(async () => {
  server = await startRedisServer({ password });
});

beforeEach(async () => {
  await server.command('FLUSHALL');
  proxy = await startProxy(server.port);
});

afterEach(() => proxy.stop());

afterAll(() => server.stop());

async function open(options: Partial<RedisReplicationOptions> = {}) {
  const { redis, ...rest } = options;
  const opened = await openReplication([proxy.endpoint], { redis: { password, ...redis }, ...rest });
  return {
    ...opened,
    /** The node is gone, and the connection knows. */
    lose: async () => {
      proxy.refuse();
      proxy.cut();
      await opened.whenTopology(({ kind }) => kind === 'masterless');
    },
    comeBack: async () => {
      const ready = new Promise<void>((resolve) => opened.writer.once('ready', resolve));
      await proxy.accept();
      await ready;
    },
  };
}

/** How it ends: with an error, which is returned. */
async function failureOf(command: Promise<unknown>): Promise<Error> {
  const ended: unknown = await command.then(
    (reply) => new Error(`It was answered: ${String(reply)}`),
    (error: unknown) => error,
  );
  return ended instanceof Error ? ended : new Error(`It was rejected with ${String(ended)}`);
}

async function firstOf(pipeline: ChainableCommander): Promise<unknown> {
  const [[error, reply] = []] = (await pipeline.exec()) ?? [];
  if (error instanceof Error) throw error;
  return reply;
}

const everythingIn = (error: Error) => [error.message, error.stack, JSON.stringify(error)].join('\n');

test('what waited too long is rejected and never executed afterwards', async () => {
  const { writer, lose, comeBack } = await open({ hold: { timeoutMs: 50 } });
  await lose();
  const error = await failureOf(writer.set('secret-key', 'secret-value'));
  expect(error).toBeInstanceOf(NotAppliedError);
  expect(error).toMatchObject({
    name: 'NotAppliedError',
    code: 'NOT_APPLIED',
    mayHaveRun: false,
    command: 'set',
    node: undefined,
    generation: 1,
  });
  expect(error).toHaveProperty('reason', expect.stringMatching(/^held for 50 ms; no node is a master: /));
  expect(everythingIn(error)).not.toMatch(/secret|swordfish/);
  await comeBack();
  expect(await writer.incr('later')).toBe(1);
  expect(await server.command('EXISTS', 'secret-key')).toBe(0);
});

test('what waits is executed in the order it was issued', async () => {
  const { writer, lose, comeBack } = await open();
  await lose();
  const pushes = Array.from({ length: 500 }, (_, index) => writer.rpush('list', index));
  await comeBack();
  expect(await Promise.all(pushes)).toEqual(pushes.map((_, index) => index + 1));
  expect(await server.command('LRANGE', 'list', 0, -1)).toEqual(pushes.map((_, index) => String(index)));
});

test('more than may wait is rejected at once, and the rest is executed', async () => {
  const { writer, lose, comeBack } = await open({ hold: { maxCommands: 2 } });
  await lose();
  const held = [writer.set('a', 1), writer.set('b', 1)];
  const error = await failureOf(writer.set('c', 1));
  expect(error).toBeInstanceOf(NotAppliedError);
  expect(error).toHaveProperty('reason', expect.stringContaining('2 commands are held already; '));
  await comeBack();
  expect(await Promise.all(held)).toEqual(['OK', 'OK']);
  expect(await server.command('EXISTS', 'a', 'b', 'c')).toBe(2);
});

test('larger arguments than may wait together are rejected at once, and the rest is executed', async () => {
  const { writer, lose, comeBack } = await open({ hold: { maxBytes: 1000 } });
  await lose();
  const held = writer.set('a', 'x'.repeat(900));
  const error = await failureOf(writer.set('b', Buffer.alloc(200)));
  expect(error).toBeInstanceOf(NotAppliedError);
  expect(error).toHaveProperty('reason', expect.stringContaining('may not exceed 1000 bytes together; '));
  const small = writer.set('c', 'y'.repeat(50));
  await comeBack();
  expect(await Promise.all([held, small])).toEqual(['OK', 'OK']);
  expect(await server.command('EXISTS', 'a', 'b', 'c')).toBe(2);
});

test('nothing waits where nothing may', async () => {
  const { writer, lose, comeBack } = await open({ hold: { maxCommands: 0 } });
  await lose();
  expect(await failureOf(writer.get('key'))).toBeInstanceOf(NotAppliedError);
  const [[error] = []] = (await writer.pipeline().get('key').exec()) ?? [];
  expect(error).toBeInstanceOf(NotAppliedError);
  await comeBack();
  expect(await writer.set('key', 'value')).toBe('OK');
});

test('members of a pipeline that find the hold full are rejected, and the others are executed', async () => {
  const { writer, lose, comeBack } = await open({ hold: { maxCommands: 2 } });
  await lose();
  const replies = writer.pipeline().set('a', 1).incr('a').incr('a').incr('a').exec();
  await comeBack();
  const [first, second, ...rest] = (await replies) ?? [];
  expect([first, second]).toEqual([
    [null, 'OK'],
    [null, 2],
  ]);
  for (const [error] of rest) expect(error).toBeInstanceOf(NotAppliedError);
  expect(rest).toHaveLength(2);
  expect(await server.command('GET', 'a')).toBe('2');
});

test('a command that times out while it waits is never sent', async () => {
  const { writer, lose, comeBack } = await open({ redis: { commandTimeout: 50 } });
  await lose();
  const [single, pipelined] = [writer.incr('single'), writer.pipeline().incr('a').incr('b').exec()];
  await expect(single).rejects.toThrow('Command timed out');
  for (const [error] of (await pipelined) ?? []) expect(error?.message).toBe('Command timed out');
  writer.options.commandTimeout = undefined;
  await comeBack();
  expect(await writer.incr('later')).toBe(1);
  expect(await server.command('EXISTS', 'single', 'a', 'b')).toBe(0);
});

test('a write whose reply is lost ends as unknown and runs once', async () => {
  const { writer, comeBack } = await open();
  expect(await writer.incr('counter')).toBe(1);
  proxy.swallowReplies();
  const error = failureOf(writer.incrby('counter', 987_654_320));
  await until(
    'the server has executed it',
    async () => (await server.command('GET', 'counter')) === '987654321',
  );
  proxy.refuse();
  proxy.cut();
  expect(await error).toBeInstanceOf(UnknownOutcomeError);
  expect(await error).toMatchObject({
    name: 'UnknownOutcomeError',
    code: 'UNKNOWN_OUTCOME',
    mayHaveRun: true,
    command: 'incrby',
    node: proxy.endpoint,
    generation: 1,
    reason: `the connection to ${proxy.endpoint} was lost before its reply`,
  });
  expect(everythingIn(await error)).not.toMatch(/counter|98765432|swordfish/);
  proxy.heal();
  await comeBack();
  expect(await writer.get('counter')).toBe('987654321');
});

test.each<[string, Resend, { readonly set: string; readonly incr: string; readonly count: number }]>([
  ['what is idempotent', 'idempotent', { set: 'OK', incr: 'UNKNOWN_OUTCOME', count: 1 }],
  ['all', 'all', { set: 'OK', incr: '2', count: 2 }],
  ['what a function names', ({ name }) => name === 'incr', { set: 'UNKNOWN_OUTCOME', incr: '2', count: 2 }],
])('%s is sent again after its reply was lost, if asked for', async (_, resend, expected) => {
  const { writer, comeBack } = await open({ resend });
  proxy.swallowReplies();
  const codeOf = (error: unknown) => (error instanceof UnknownOutcomeError ? error.code : error);
  const replies = [writer.set('key', 'value'), writer.incr('counter')].map((each) =>
    each.then(String).catch(codeOf),
  );
  const whole = failureOf(writer.multi().incr('of transaction').exec());
  await until(
    'the server has executed them',
    async () => (await server.command('GET', 'of transaction')) === '1',
  );
  proxy.refuse();
  proxy.cut();
  proxy.heal();
  await comeBack();
  expect(await Promise.all(replies)).toEqual([expected.set, expected.incr]);
  expect(await server.command('GET', 'counter')).toBe(String(expected.count));
  expect(await whole).toMatchObject({ code: 'UNKNOWN_OUTCOME', mayHaveRun: true });
  expect(await server.command('GET', 'of transaction')).toBe('1');
});

test('a PUBLISH that nobody waits for does not end the process; whoever waits gets the error', async () => {
  const { writer } = await open({ hold: { timeoutMs: 50 } });
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(() => {
    process.off('unhandledRejection', note);
  });
  await server.command('CONFIG', 'RESETSTAT');
  proxy.swallowReplies();
  // As @socket.io/redis-adapter does.
  void writer.publish('news', 'unanswered');
  const awaited = failureOf(writer.publish('news', 'awaited'));
  await until('the server has both', async () => {
    const stats = String(await server.command('INFO', 'commandstats'));
    return Number(/cmdstat_publish:calls=(\d+)/.exec(stats)?.[1] ?? 0) >= 2;
  });
  proxy.refuse();
  proxy.cut();
  expect(await awaited).toMatchObject({ code: 'UNKNOWN_OUTCOME', command: 'publish' });
  void writer.publish('news', 'held too long');
  expect(await failureOf(writer.spublish('news', 'held'))).toMatchObject({ code: 'NOT_APPLIED' });
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
});

test('what would be sent again, and finds no node in time, is not called not applied', async () => {
  const { writer } = await open({ resend: 'idempotent', hold: { timeoutMs: 200 } });
  proxy.swallowReplies();
  const [write, read] = [failureOf(writer.set('key', 'value')), failureOf(writer.get('key'))];
  await until('the server has executed it', async () => (await server.command('GET', 'key')) === 'value');
  proxy.refuse();
  proxy.cut();
  expect(await write).toMatchObject({ code: 'UNKNOWN_OUTCOME', command: 'set', mayHaveRun: true });
  expect(await read).toMatchObject({ code: 'NOT_APPLIED', mayHaveRun: false });
});

test('a read whose reply is lost is sent again', async () => {
  const { writer, comeBack } = await open();
  await writer.set('key', 'value');
  proxy.swallowReplies();
  const [single, pipelined] = [writer.get('key'), writer.pipeline().get('key').strlen('key').exec()];
  proxy.refuse();
  proxy.cut();
  proxy.heal();
  await comeBack();
  expect(await single).toBe('value');
  expect(await pipelined).toEqual([
    [null, 'value'],
    [null, 5],
  ]);
});

test('a command that only reports is sent again on the writer, like a read', async () => {
  const { writer, comeBack } = await open();
  await writer.set('key', 'value');
  proxy.swallowReplies();
  const reports = [
    writer.ping(),
    writer.echo('text'),
    writer.object('ENCODING', 'key'),
    writer.call('memory', 'usage', 'key'),
    writer.pubsub('NUMPAT'),
    writer.config('GET', 'maxmemory'),
  ];
  const publish = failureOf(writer.publish('channel', 'message'));
  proxy.refuse();
  proxy.cut();
  proxy.heal();
  await comeBack();
  expect(await Promise.all(reports)).toMatchObject([
    'PONG',
    'text',
    'embstr',
    expect.any(Number),
    0,
    ['maxmemory', '0'],
  ]);
  expect(await publish).toBeInstanceOf(UnknownOutcomeError);
});

test('in a pipeline whose replies are lost, reads are sent again and writes are unknown', async () => {
  const { writer, comeBack } = await open();
  await writer.set('key', 'value');
  proxy.swallowReplies();
  const replies = writer.pipeline().get('key').incr('counter').strlen('key').exec();
  await until('the server has executed it', async () => (await server.command('GET', 'counter')) === '1');
  proxy.refuse();
  proxy.cut();
  proxy.heal();
  await comeBack();
  const [get, incr, strlen] = (await replies) ?? [];
  expect(get).toEqual([null, 'value']);
  expect(incr?.[0]).toBeInstanceOf(UnknownOutcomeError);
  expect(strlen).toEqual([null, 5]);
  expect(await server.command('GET', 'counter')).toBe('1');
});

test('a command that timed out in flight is not sent again when the connection is lost', async () => {
  const { writer, comeBack, whenTopology } = await open({ redis: { commandTimeout: 50 } });
  proxy.swallowReplies();
  await expect(writer.get('key')).rejects.toThrow('Command timed out');
  const reads = async () =>
    /cmdstat_get:calls=(\d+)/.exec(String(await server.command('INFO', 'commandstats')))?.[1];
  await until('the server has executed it', async () => (await reads()) !== undefined);
  const before = await reads();
  proxy.refuse();
  proxy.cut();
  proxy.heal();
  await whenTopology(({ kind }) => kind === 'masterless');
  await comeBack();
  // On a busy machine this may take longer than the read above was allowed.
  writer.options.commandTimeout = undefined;
  await writer.ping();
  expect(await reads()).toBe(before);
});

test('disconnect rejects what waits, and everything afterwards', async () => {
  const { writer, lose } = await open();
  await lose();
  const held = failureOf(writer.set('key', 'value'));
  writer.disconnect();
  expect(await held).toBeInstanceOf(NotAppliedError);
  expect(await held).toHaveProperty('reason', 'Connection is closed.');
  await expect(writer.get('key')).rejects.toThrow('Connection is closed.');
  expect(writer.status).toBe('end');
});

test('quit while nothing can be sent ends the connection at once', async () => {
  const { writer, lose } = await open();
  await lose();
  const held = failureOf(writer.set('key', 'value'));
  expect(await writer.quit()).toBe('OK');
  expect(await held).toBeInstanceOf(NotAppliedError);
  await expect(writer.get('key')).rejects.toThrow('Connection is closed.');
});

test('quit answers what was sent before', async () => {
  const { writer } = await open();
  const replies = [writer.incr('counter'), writer.incr('counter'), writer.quit()];
  expect(await Promise.all(replies)).toEqual([1, 2, 'OK']);
  await emitted(writer, 'end');
  await expect(writer.get('key')).rejects.toThrow('Connection is closed.');
});

test('a connection that was closed can be opened again, and follows again', async () => {
  const { writer, lose, comeBack } = await open();
  writer.disconnect();
  await emitted(writer, 'end');
  await writer.connect();
  expect(await writer.set('key', 'value')).toBe('OK');
  await lose();
  const held = writer.get('key');
  await comeBack();
  expect(await held).toBe('value');
});

test('a connection that was closed without a master can be opened again', async () => {
  const { writer, lose } = await open();
  await lose();
  writer.disconnect();
  await until('it has ended', () => writer.status === 'end');
  const connected = writer.connect();
  await proxy.accept();
  await connected;
  expect(await writer.set('key', 'value')).toBe('OK');
});

test('errors of the server itself are passed on, and nothing is sent twice', async () => {
  const { writer } = await open();
  await writer.set('key', 'text');
  await expect(writer.incr('key')).rejects.toThrow(/^ERR value is not an integer/);
  await expect(writer.lpush('key', 1)).rejects.toThrow(/^WRONGTYPE/);
  await server.command('CONFIG', 'SET', 'maxmemory', 1);
  try {
    await expect(writer.set('other', 'value')).rejects.toThrow(/^OOM/);
  } finally {
    await server.command('CONFIG', 'SET', 'maxmemory', 0);
  }
});

test('errors of commands that carry credentials do not repeat them', async () => {
  const { writer } = await open();
  const failures = [
    await failureOf(writer.auth('wrong-secret')),
    await failureOf(writer.call('ACL', 'SETUSER', 'somebody', '>other-secret', 'nonsense')),
    await failureOf(firstOf(writer.pipeline().auth('third-secret'))),
  ];
  for (const failure of failures) {
    expect(failure.message).toMatch(/^(WRONGPASS|ERR)/);
    expect(inspect(failure)).not.toContain('-secret');
  }
});
