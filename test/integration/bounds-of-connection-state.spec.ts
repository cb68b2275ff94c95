import type { Redis } from 'ioredis';
import { NotAppliedError } from 'nestjs-redis-replication';
import { expect, onTestFinished, test, vi } from 'vitest';
import { FollowingRedis } from '../../lib/connections/following-redis.js';
import { startFakeNode, type FakeNode, type FakeNodeOptions } from '../support/fake-node.js';
import { createReplication, openReplication } from '../support/open-replication.js';
import { error } from '../support/resp.js';
import { until } from '../../lib/testing/servers/until.js';

async function fakeNode(options?: FakeNodeOptions): Promise<FakeNode> {
  const node = await startFakeNode(options);
  onTestFinished(() => node.stop());
  return node;
}

/** One command of each kind about the connection itself. */
const issue: Readonly<Record<string, (redis: Redis) => Promise<unknown>>> = {
  auth: (redis) => redis.call('AUTH', 'password'),
  client: (redis) => redis.client('NO-EVICT', 'ON'),
  hello: (redis) => redis.call('HELLO'),
  psubscribe: (redis) => redis.psubscribe('a*'),
  punsubscribe: (redis) => redis.punsubscribe('a*'),
  readonly: (redis) => redis.readonly(),
  readwrite: (redis) => redis.readwrite(),
  select: (redis) => redis.select(1),
  ssubscribe: (redis) => redis.ssubscribe('a'),
  subscribe: (redis) => redis.subscribe('a'),
  unsubscribe: (redis) => redis.unsubscribe('a'),
};

const held = (redis: Redis) => (redis instanceof FollowingRedis ? redis.heldCommands : undefined);

async function withoutMaster(hold: { readonly [limit: string]: number }) {
  const node = await fakeNode({ role: 'replica' });
  const opened = createReplication([node.endpoint], { hold });
  await opened.replication.onModuleInit();
  await opened.whenTopology(({ kind }) => kind === 'masterless');
  return { node, ...opened };
}

test.each(Object.keys(issue))('%s waits no longer than hold.timeoutMs, and is never sent', async (name) => {
  const { node, writer } = await withoutMaster({ timeoutMs: 50 });
  await expect(issue[name]?.(writer)).rejects.toBeInstanceOf(NotAppliedError);
  expect(held(writer)).toBe(0);
  const before = node.commands.length;
  node.become('master');
  await until('it is ready', () => writer.status === 'ready');
  expect(await writer.set('key', 'value')).toBe('OK');
  const after = node.commands.slice(before).map(([given = '', ...args]) => [given, ...args].join(' '));
  // In lower case, as the app issued it, and with its arguments: the handshake has others.
  expect(
    after.filter((text) => /^(p?s?(un)?subscribe|select|readonly|readwrite|auth) /.test(`${text} `)),
  ).toEqual([]);
  expect(after.filter((text) => text.includes('NO-EVICT') || text === 'hello')).toEqual([]);
});

test.each(Object.keys(issue))('%s fails at once with hold.maxCommands 0', async (name) => {
  const { writer } = await withoutMaster({ maxCommands: 0, timeoutMs: 60_000 });
  await expect(issue[name]?.(writer)).rejects.toThrow('0 commands are held already');
});

test('the bytes of their arguments count', async () => {
  const { writer } = await withoutMaster({ maxBytes: 100, timeoutMs: 60_000 });
  await expect(writer.subscribe('x'.repeat(101))).rejects.toThrow('may not exceed 100 bytes');
});

test('a subscription that could not wait any longer does not end the process if nobody waits for it', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  onTestFinished(() => void process.off('unhandledRejection', unhandled));
  const { writer, notes } = await withoutMaster({ timeoutMs: 20 });
  void writer.subscribe('news');
  await until('it was told', () =>
    notes.some((note) => note.startsWith('writer: commands are rejected: held')),
  );
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).not.toHaveBeenCalled();
});

test('a subscription that ioredis restores may wait for as long as it takes', async () => {
  const state = { isBusy: false };
  const node = await fakeNode({
    onCommand: ([name, channel]) =>
      name === 'subscribe' && channel === 'news' && state.isBusy ? error('BUSY a script') : undefined,
  });
  const { writer } = await openReplication([node.endpoint], { hold: { timeoutMs: 20, maxCommands: 0 } });
  const listener = writer.duplicate();
  onTestFinished(() => listener.disconnect());
  await until('it is ready', () => listener.status === 'ready');
  await listener.subscribe('news');
  const restored = () =>
    node.commands.filter(([name, channel]) => name === 'subscribe' && channel === 'news');
  state.isBusy = true;
  node.dropConnections();
  await until('it was refused', () => restored().length > 3);
  state.isBusy = false;
  const heard: string[] = [];
  listener.on('message', (_channel, message) => heard.push(message));
  await until('a message arrives', async () => {
    await writer.publish('news', 'hello').catch(() => 0);
    return heard.length > 0;
  });
  expect(heard).toContain('hello');
});

test('of 300,000 of them no more than allowed are held, and all end with the app, within its limit', async () => {
  const { writer, replication } = await withoutMaster({ timeoutMs: 600_000 });
  const ended = { count: 0 };
  for (let index = 0; index < 300_000; index += 1) {
    writer.select(index % 16).catch(() => (ended.count += 1));
  }
  expect(held(writer)).toBe(10_000);
  await until('the others are rejected', () => ended.count === 290_000, { timeoutMs: 30_000 });
  const since = performance.now();
  await replication.onApplicationShutdown();
  const tookMs = performance.now() - since;
  process.stdout.write(`bounds: 10,000 held SELECTs ended in ${Math.round(tookMs)} ms\n`);
  await until('all have ended', () => ended.count === 300_000);
  expect(tookMs).toBeLessThan(replication.options.shutdownTimeoutMs);
}, 120_000);
