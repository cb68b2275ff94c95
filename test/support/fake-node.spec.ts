import { Redis } from 'ioredis';
import { afterEach, expect, test } from 'vitest';
import { startFakeNode } from './fake-node.js';
import type { FakeNode, FakeNodeOptions } from './fake-node.js';
import { fakeId } from './fake-node-state.js';
import { simple } from './resp.js';
import { until } from '../../lib/testing/servers/until.js';
import { emitted } from './emitted.js';

let node: FakeNode | undefined;
let client: Redis | undefined;

afterEach(async () => {
  client?.disconnect();
  await node?.stop();
});

async function start(options: FakeNodeOptions & { protocol?: 2 | 3 } = {}) {
  const { protocol = 3, ...rest } = options;
  const fake = await startFakeNode(rest);
  const redis = new Redis(fake.port, { protocol, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  redis.on('error', () => undefined);
  node = fake;
  client = redis;
  return { fake, redis };
}

test.each([2, 3] as const)('ioredis is ready on it with RESP%i and sees a master', async (protocol) => {
  const { redis } = await start({ protocol });
  await emitted(redis, 'ready');
  expect(await redis.set('key', 'välue')).toBe('OK');
  expect(await redis.get('key')).toBe('välue');
  expect(await redis.get('none')).toBeNull();
  expect(await redis.call('ROLE')).toEqual(['master', expect.any(Number), []]);
  expect(await redis.call('HELLO')).toEqual(expect.arrayContaining(['role', 'master', 'proto', protocol]));
});

test('a replica refuses writes and names its master and lineage', async () => {
  const state = { role: 'replica', master: '10.0.0.1:6380', replid: fakeId('R1'), offset: 7 } as const;
  const { redis } = await start(state);
  await expect(redis.set('key', 'value')).rejects.toThrow(/^READONLY/);
  const info = await redis.info('replication');
  expect(info).toContain(
    'role:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6380\r\nmaster_link_status:up\r\n',
  );
  expect(info).toContain(`master_replid:${fakeId('R1')}\r\n`);
  expect(info).not.toContain('run_id');
});

test('a promoted replica remembers the lineage it comes from', async () => {
  const { fake } = await start({ role: 'replica', replid: fakeId('R1'), offset: 7 });
  fake.become('master');
  expect(fake.state).toMatchObject({ role: 'master', replid2: fakeId('R1'), secondOffset: 8 });
  expect(fake.state.replid).not.toBe(fakeId('R1'));
});

test('demotion ends a blocked XREAD and its connection', async () => {
  const { fake, redis } = await start();
  const blocked = redis.xread('BLOCK', 0, 'STREAMS', 'none', '$');
  await until('XREAD has arrived', () => fake.commands.some(([name]) => name === 'xread'));
  fake.become('replica', { master: '127.0.0.1:1' });
  await expect(blocked).rejects.toThrow(/^UNBLOCKED .*instance state changed/);
  if (redis.status !== 'end') await emitted(redis, 'end');
});

test('what hangs is answered after resume, in order', async () => {
  const { fake, redis } = await start();
  await emitted(redis, 'ready');
  fake.hang('SET');
  const answers = Promise.all([redis.set('key', 'value'), redis.get('key')]);
  await until('both have arrived', () => fake.commands.some(([name]) => name === 'get'));
  expect(fake.data.size).toBe(0);
  fake.resume();
  expect(await answers).toEqual(['OK', 'value']);
});

test('a command can be refused, answered by the test, or dropped after it was carried out', async () => {
  const { fake, redis } = await start({
    onCommand: ([name]) => (name === 'ping' ? simple('HERE') : name === 'incr' ? 'drop' : undefined),
  });
  fake.refuse('MISCONF Errors writing to the AOF file', 'SET');
  await expect(redis.set('key', 'value')).rejects.toThrow(/^MISCONF/);
  fake.allow();
  expect(await redis.set('key', 'value')).toBe('OK');
  expect(await redis.ping()).toBe('HERE');
  await expect(redis.incr('key')).rejects.toThrow();
});

test('it can be down for new connections, and come back', async () => {
  const { fake, redis } = await start();
  await emitted(redis, 'ready');
  fake.refuseConnections();
  fake.dropConnections();
  if (redis.status !== 'end') await emitted(redis, 'end');
  await expect(redis.connect()).rejects.toThrow();
  await fake.acceptConnections();
  await redis.connect();
  expect(fake.connections).toBe(1);
});
