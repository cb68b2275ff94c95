import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { FollowingRedis } from '../../../lib/connections/following-redis.js';
import { startFakeNode, type FakeNode, type FakeNodeOptions } from '../../support/fake-node.js';
import { createReplication, openReplication } from '../../support/open-replication.js';
import { bulk, error, simple } from '../../support/resp.js';
import { until } from '../../../lib/testing/servers/until.js';
import { emitted } from '../../support/emitted.js';

async function fakeNode(options?: FakeNodeOptions): Promise<FakeNode> {
  const node = await startFakeNode(options);
  onTestFinished(() => node.stop());
  return node;
}

test('INFO is sent before the login is answered, and once on each connection', async () => {
  const answered: number[] = [];
  const waitingBehindLogin: number[] = [];
  // In lower case, because observers send it in upper case.
  const asked = () => node.commands.filter(([name]) => name === 'info').length;
  const node: FakeNode = await fakeNode({
    onCommand: ([name = '', version], { id }) => {
      if (name === 'info') answered.push(id);
      // All commands that were written together with it have arrived by now.
      if ((name === 'hello' && version === '3') || name === 'auth')
        waitingBehindLogin.push(asked() - answered.length);
      return undefined;
    },
  });
  const { writer } = await openReplication([node.endpoint], { redis: { password: 'secret' } });
  expect(await writer.set('key', 'value')).toBe('OK');
  expect(Math.max(...waitingBehindLogin)).toBeGreaterThan(0);
  expect(new Set(answered).size).toBe(answered.length);
});

test('an INFO that was refused because it arrived before the login is sent again after it', async () => {
  const logins: { state: 'none' | 'done' } = { state: 'none' };
  const node = await fakeNode({
    onCommand: ([name = '', ...args]) => {
      if (name.toLowerCase() === 'hello' && args.length > 0)
        return error('NOPROTO unsupported protocol version');
      if (name.toLowerCase() === 'auth') logins.state = 'done';
      return name === 'info' && logins.state === 'none'
        ? error('NOAUTH Authentication required.')
        : undefined;
    },
  });
  const { writer } = await openReplication([node.endpoint], { redis: { password: 'secret' } });
  expect(await writer.set('key', 'value')).toBe('OK');
  expect(logins.state).toBe('done');
});

const issued = ({ commands }: FakeNode, name: string) =>
  commands.filter((argv) => argv[0]?.toLowerCase() === name).map(([, ...args]) => args.join(' '));

test.runIf('himport' in Redis.prototype)(
  'HIMPORT PREPARE is sent in the handshake, with RESP2 too',
  async () => {
    const node = await fakeNode({
      onCommand: ([name = '', version]) => {
        if (name === 'himport') return simple('OK');
        return name === 'hello' && version === '3' ? error('NOPROTO unsupported') : undefined;
      },
    });
    const himportFieldsets = [{ name: 'set', fields: ['a', 'b'] }];
    const { writer, reader } = await openReplication([node.endpoint], { redis: { himportFieldsets } });
    const errors: unknown[] = [];
    for (const redis of [writer, reader]) redis.on('error', (reason) => errors.push(reason));
    expect(await writer.set('key', 'value')).toBe('OK');
    node.dropConnections();
    await emitted(writer, 'close');
    expect(await writer.set('key', 'value')).toBe('OK');
    // On each connection of writer and reader.
    expect(issued(node, 'himport').length).toBeGreaterThanOrEqual(3);
    expect(new Set(issued(node, 'himport'))).toEqual(new Set(['PREPARE set a b']));
    expect(errors).toEqual([]);
  },
);

/** ioredis 6 writes only what it knows in a handshake. */
test.runIf(!('himport' in Redis.prototype))(
  'a command that a version adds to its handshake is sent',
  async () => {
    const node = await fakeNode();
    const { writer, replication } = createReplication([node.endpoint], {
      boot: 'required',
      redis: { db: 1 },
    });
    const { select } = writer;
    // The handshake of ioredis selects the database through this method.
    Object.assign(writer, {
      select: (db: number) => writer.call('role').then(async () => Reflect.apply(select, writer, [db])),
    });
    await replication.onModuleInit();
    expect(await writer.set('key', 'value')).toBe('OK');
    expect(issued(node, 'role')).toContain('');
  },
);

test('what the app issues during a handshake waits until the node is verified', async () => {
  const state = { isMaster: false };
  const node = await fakeNode({
    onCommand: ([name]) =>
      name === 'info' && !state.isMaster ? bulk('role:slave\r\nloading:0\r\n') : undefined,
  });
  const { writer, replication } = createReplication([node.endpoint]);
  const replies: Promise<unknown>[] = [];
  const issue = () => replies.push(writer.incr('counter'));
  writer.on('connecting', () => setImmediate(issue));
  writer.on('connect', () => {
    issue();
    process.nextTick(issue);
    queueMicrotask(issue);
  });
  // From the moment ioredis gets the socket, in every turn of the queue in which it begins its handshake.
  Object.defineProperty(writer, 'stream', {
    configurable: true,
    set(stream: unknown) {
      Object.defineProperty(writer, 'stream', { value: stream, writable: true, configurable: true });
      process.nextTick(issue);
      process.nextTick(() => process.nextTick(issue));
      setTimeout(() => process.nextTick(issue));
    },
  });
  await replication.onModuleInit();
  await until('it was tried', () => issued(node, 'info').length > 6 && replies.length > 4);
  // ioredis would keep them in a queue of its own, without the limits of `hold`.
  expect(writer instanceof FollowingRedis && writer.heldCommands).toBe(replies.length);
  expect(issued(node, 'incr')).toEqual([]);
  state.isMaster = true;
  await Promise.all(replies);
  expect(issued(node, 'incr')).toHaveLength(replies.length);
});

test('a server without HELLO, with a password and a database, is connected to', async () => {
  const loggedIn = new Set<number>();
  const written: string[] = [];
  const node = await fakeNode({
    onCommand: ([name = '', ...args], { id }) => {
      if (name.toLowerCase() === 'hello')
        return error("ERR unknown command 'HELLO', with args beginning with: ");
      if (name.toLowerCase() === 'auth') loggedIn.add(id);
      else if (!loggedIn.has(id)) return error('NOAUTH Authentication required.');
      if (name === 'select' || name === 'set') written.push([id, name, ...args].join(' '));
      return undefined;
    },
  });
  const { writer } = await openReplication([node.endpoint], { redis: { password: 'secret', db: 2 } });
  expect(await writer.set('key', 'value')).toBe('OK');
  const set = written.find((each) => each.endsWith(' set key value'));
  const selected = `${set?.split(' ')[0]} select 2`;
  expect(written).toContain(selected);
});

test('a connection that logged in without selecting its database is closed', async () => {
  const written: string[] = [];
  const node = await fakeNode({
    onCommand: ([name = ''], { id }) => {
      if (name === 'set') written.push(`${id}`);
      if (name !== 'select') return undefined;
      written.push(`${id} select`);
      // For the first connections of writer and reader.
      return written.length > 2 ? undefined : error('NOAUTH Authentication required.');
    },
  });
  const { writer } = await openReplication([node.endpoint], { redis: { password: 'secret', db: 2 } });
  expect(await writer.set('key', 'value')).toBe('OK');
  const on = written.at(-1);
  expect(written.indexOf(`${on} select`)).toBeGreaterThanOrEqual(2);
});
