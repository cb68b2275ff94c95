import { once } from 'node:events';
import { Queue } from 'bullmq';
import { Cluster, Redis } from 'ioredis';
import { UnknownOutcomeError } from 'nestjs-redis-replication';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { rolesOf } from '../support/group-roles.js';
import { createReplication, openReplication } from '../support/open-replication.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { follow, plannedSwap, promote } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { startProxy } from '../../lib/testing/network/tcp-proxy.js';
import { createUser } from '../support/users.js';
import { until } from '../../lib/testing/servers/until.js';
import { emitted } from '../support/emitted.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

beforeEach(() => restoreGroup(group));

afterAll(() => group.stop());

/** In which databases a key is. */
async function databasesOf(key: string, node: RedisServer): Promise<readonly number[]> {
  const found: number[] = [];
  for (const db of [0, 1, 2, 3, 4]) {
    await node.command('SELECT', db);
    if ((await node.command('EXISTS', key)) === 1) found.push(db);
  }
  await node.command('SELECT', 0);
  return found;
}

async function openBehindProxy(redis: { readonly db?: number } = {}) {
  const proxy = await startProxy(group.master.port);
  onTestFinished(() => proxy.stop());
  const { writer } = await openReplication([proxy.endpoint], { redis });
  return {
    writer,
    lose: async () => {
      const closed = emitted(writer, 'close');
      proxy.refuse();
      proxy.cut();
      await closed;
    },
    accept: () => proxy.accept(),
  };
}

describe('the selected database', () => {
  test('of the options is selected on every master', async () => {
    const { writer, whenMaster } = await openReplication(group.endpoints, { redis: { db: 2 } });
    const { heir } = rolesOf(group);
    await plannedSwap(group.nodes, heir);
    await whenMaster(heir);
    await writer.set('key', 'value');
    expect(await databasesOf('key', heir)).toEqual([2]);
  });

  test('of a SELECT stays selected at the next master', async () => {
    const { writer, whenMaster } = await openReplication(group.endpoints, { redis: { db: 2 } });
    const { heir } = rolesOf(group);
    await writer.select(3);
    await plannedSwap(group.nodes, heir);
    await whenMaster(heir);
    await writer.set('key', 'value');
    expect(await databasesOf('key', heir)).toEqual([3]);
  });

  test('is that of the moment a command was issued, with SELECT among those that wait', async () => {
    const { writer, lose, accept } = await openBehindProxy({ db: 1 });
    await writer.select(2);
    await lose();
    await until('it tries to connect', () => writer.status === 'connecting');
    const held = [
      writer.set('second', 'value'),
      writer.select(3),
      writer.set('third', 'value'),
      writer.pipeline().select(4).set('fourth', 'value').exec(),
      writer.select(3),
    ];
    await accept();
    await Promise.all(held);
    await writer.set('after', 'value');
    const { master } = group;
    expect(await databasesOf('second', master)).toEqual([2]);
    expect(await databasesOf('third', master)).toEqual([3]);
    expect(await databasesOf('fourth', master)).toEqual([4]);
    expect(await databasesOf('after', master)).toEqual([3]);
  });

  test('is the one asked for in the middle of a handshake', async () => {
    const { writer, lose, accept } = await openBehindProxy();
    await writer.select(2);
    await lose();
    const before = writer.set('before', 'value');
    const connected = emitted(writer, 'connect');
    await accept();
    await connected;
    await Promise.all([before, writer.select(3)]);
    await writer.set('after', 'value');
    expect(await databasesOf('before', group.master)).toEqual([2]);
    expect(await databasesOf('after', group.master)).toEqual([3]);
  });

  test('is the old one for a refused command, and the new one afterwards', async () => {
    const { writer, whenMaster } = await openReplication(group.endpoints, { pollIntervalMs: 5000 });
    const { master, heir } = rolesOf(group);
    await follow(master, heir);
    const written = [writer.set('old', 'value'), writer.select(1)];
    await promote(heir);
    await whenMaster(heir);
    await Promise.all(written);
    await writer.set('new', 'value');
    expect(await databasesOf('old', heir)).toEqual([0]);
    expect(await databasesOf('new', heir)).toEqual([1]);
  });
});

test('keyPrefix is put before keys, once, also for commands that waited', async () => {
  const { writer, whenMaster } = await openReplication(group.endpoints, { redis: { keyPrefix: 'app:' } });
  const { heir } = rolesOf(group);
  await plannedSwap(group.nodes, heir);
  const written = Array.from({ length: 50 }, (_, index) => writer.set(`key${index}`, index));
  await whenMaster(heir);
  await Promise.all(written);
  const keys = await heir.command('KEYS', '*');
  expect(keys).toHaveLength(50);
  expect(keys).toEqual(expect.arrayContaining(written.map((_, index) => `app:key${index}`)));
});

test('lazyConnect opens nothing before the first command', async () => {
  const { writer, reader, replication } = createReplication(group.endpoints, {
    redis: { lazyConnect: true },
  });
  await replication.onModuleInit();
  expect([writer.status, reader.status]).toEqual(['wait', 'wait']);
  expect(await writer.set('key', 'value')).toBe('OK');
  expect(reader.status).toBe('wait');
});

test('a command before the module has started connects the writer', async () => {
  const { writer, replication } = createReplication(group.endpoints);
  expect(writer.status).toBe('wait');
  expect(await writer.set('key', 'value')).toBe('OK');
  await replication.onModuleInit();
  expect(writer.status).toBe('ready');
});

describe('CLIENT LIST tells what is whose', () => {
  const namesOn = async (node: RedisServer) => {
    const clients = String(await node.command('CLIENT', 'LIST')).split('\n');
    return [...new Set(clients.flatMap((line) => / name=(\S+) /.exec(line)?.[1] ?? []))].toSorted();
  };
  const roles = ['observer', 'reader', 'watcher', 'writer', 'writer:duplicate'];

  test.each([
    ['nestjs-redis-replication', {}],
    ['orders', { connectionName: 'orders' }],
  ])('by names that begin with %s', async (base, redis) => {
    const { writer, reader } = await openReplication(group.endpoints, { redis, readFrom: 'master' });
    const duplicates = [writer.duplicate(), writer.duplicate().duplicate()];
    onTestFinished(() => duplicates.forEach((each) => each.disconnect()));
    await Promise.all([reader, ...duplicates].map((each) => each.ping()));
    const expected = roles.map((role) => `${base}:${role}`);
    await until('all are named', async () => (await namesOn(group.master)).join() === expected.join(), {
      state: () => namesOn(group.master),
    });
  });

  test('and nothing breaks where the user may not run CLIENT', async () => {
    const user = { name: 'app', password: 'secret', rules: ['~*', '&*', '+@all', '-client'] };
    await createUser(group.nodes, user);
    const redis = { username: user.name, password: user.password };
    const { writer, reader, notes } = await openReplication(group.endpoints, { redis });
    expect(await writer.set('key', 'value')).toBe('OK');
    expect(await reader.ping()).toBe('PONG');
    expect(notes.filter((note) => note.includes('NOPERM'))).toEqual([]);
  });
});

describe('a client made from the options of the writer', () => {
  const advice = /pass the connection itself, or call its duplicate\(\)/;

  test.each<[string, (writer: Redis) => object]>([
    ['the options themselves', ({ options }) => options],
    ['a copy', ({ options }) => ({ ...options, host: '127.0.0.1', lazyConnect: true })],
    ['those of a duplicate', (writer) => writer.duplicate({ lazyConnect: true }).options],
  ])('is refused, and the writer is not harmed: %s', async (_, optionsOf) => {
    const { writer, whenMaster } = await openReplication(group.endpoints);
    const { heir } = rolesOf(group);
    const options = optionsOf(writer);
    // The constructor accepts fewer types than `options` has.
    const create = (): unknown => Reflect.construct(Redis, [options]);
    expect(create).toThrow(TypeError);
    expect(create).toThrow(advice);
    expect(await writer.set('key', 'before')).toBe('OK');
    await plannedSwap(group.nodes, heir);
    await whenMaster(heir);
    expect(await writer.set('key', 'after')).toBe('OK');
  });

  test('is refused by BullMQ and in a cluster, too', async () => {
    const { writer } = await openReplication(group.endpoints);
    const { replyMapping: _, Connector, ...rest } = writer.options;
    if (Connector === undefined) throw new Error('The writer has a connector');
    const queue = new Queue('jobs', { connection: { Connector, maxRetriesPerRequest: null } });
    const failure = once(queue, 'error');
    onTestFinished(() => queue.close().catch(() => undefined));
    expect(String(await failure)).toMatch(advice);
    const { host, port } = group.master;
    const cluster = new Cluster([{ host, port }], {
      redisOptions: { ...rest, Connector },
      lazyConnect: true,
    });
    onTestFinished(() => cluster.disconnect());
    await expect(cluster.connect()).rejects.toThrow(advice);
    expect(await writer.set('key', 'value')).toBe('OK');
  });
});

describe('a duplicate', () => {
  test('connects at once, follows and has options of its own', async () => {
    const { writer, whenMaster } = await openReplication(group.endpoints, { redis: { keyPrefix: 'app:' } });
    const { heir } = rolesOf(group);
    const duplicate = writer.duplicate({ db: 1, connectionName: 'other' });
    onTestFinished(() => duplicate.disconnect());
    await emitted(duplicate, 'ready');
    expect(await duplicate.client('GETNAME')).toBe('other');
    await plannedSwap(group.nodes, heir);
    await whenMaster(heir);
    expect(await duplicate.set('key', 'value')).toBe('OK');
    expect(await databasesOf('app:key', heir)).toEqual([1]);
  });

  test('may have enableReadyCheck: false, as Bull asks for it', async () => {
    const { writer, whenMaster } = await openReplication(group.endpoints);
    const { heir } = rolesOf(group);
    const duplicate = writer.duplicate({ enableReadyCheck: false, maxRetriesPerRequest: null });
    onTestFinished(() => duplicate.disconnect());
    const { enableReadyCheck, maxRetriesPerRequest } = duplicate.options;
    expect([enableReadyCheck, maxRetriesPerRequest]).toEqual([false, null]);
    await emitted(duplicate, 'ready');
    expect(duplicate.options.enableReadyCheck).toBe(false);
    await plannedSwap(group.nodes, heir);
    await whenMaster(heir);
    expect(await duplicate.set('key', 'value')).toBe('OK');
    const own = duplicate.duplicate({ lazyConnect: true });
    expect(own.options.enableReadyCheck).toBe(false);
  });

  test('of a duplicate follows as well', async () => {
    const { writer, whenMaster } = await openReplication(group.endpoints);
    const { heir } = rolesOf(group);
    const duplicate = writer.duplicate().duplicate({ lazyConnect: true });
    onTestFinished(() => duplicate.disconnect());
    expect(duplicate.status).toBe('wait');
    await plannedSwap(group.nodes, heir);
    await whenMaster(heir);
    expect(await duplicate.set('key', 'value')).toBe('OK');
    expect(duplicate).toBeInstanceOf(writer.constructor);
  });

  test('may block without a warning; on the writer, a blocking command is named once', async () => {
    const { writer, notes } = await openReplication(group.endpoints);
    const warnings = () => notes.filter((note) => note.includes('blocks the connection'));
    const duplicate = writer.duplicate();
    onTestFinished(() => duplicate.disconnect());
    const popped = duplicate.blpop('queue', 0);
    await whenBlocked(group.master);
    const waited = writer.wait(9, 300);
    await writer.xread('BLOCK', 300, 'STREAMS', 'stream', '$');
    await waited;
    const named = [
      expect.stringMatching(/^writer: XREAD blocks the connection; .*: issue it on writer\.duplicate\(\)$/),
    ];
    expect(warnings()).toEqual(named);
    await writer.xread('BLOCK', 300, 'STREAMS', 'stream', '$');
    expect(warnings()).toEqual(named);
    await writer.rpush('queue', 'job');
    await popped;
  });

  test('that blocks goes on at the new master after a demotion, without an error', async () => {
    const { writer, whenMaster } = await openReplication(group.endpoints);
    const { heir } = rolesOf(group);
    const duplicate = writer.duplicate();
    onTestFinished(() => duplicate.disconnect());
    const popped = duplicate.blpop('queue', 0);
    await whenBlocked(group.master);
    // In this order, so that the old master itself ends what blocks before it is left.
    await follow(group.master, heir);
    await promote(heir);
    await whenMaster(heir);
    await writer.rpush('queue', 'job');
    expect(await popped).toEqual(['queue', 'job']);
  });

  test('that blocks does not stay on a master that was superseded, and can go on', async () => {
    const { writer, whenMaster } = await openReplication(group.endpoints);
    const { heir } = rolesOf(group);
    const duplicate = writer.duplicate();
    onTestFinished(() => duplicate.disconnect());
    const popped = duplicate.blpop('queue', 0).catch((reason: unknown) => reason);
    await whenBlocked(group.master);
    await promote(heir);
    await whenMaster(heir);
    // Nobody can know whether it took something from the list before it was cut off.
    expect(await popped).toBeInstanceOf(UnknownOutcomeError);
    await writer.rpush('queue', 'job');
    expect(await duplicate.blpop('queue', 0)).toEqual(['queue', 'job']);
  });
});

async function whenBlocked(node: RedisServer): Promise<void> {
  await until('it blocks', async () => String(await node.command('CLIENT', 'LIST')).includes('cmd=blpop'));
}

describe('`lazyConnect`', () => {
  test('is shown as the app has set it, and a duplicate does what it says', async () => {
    const { writer } = await openReplication(group.endpoints);
    expect(writer.options.lazyConnect).toBe(false);
    const duplicate = writer.duplicate();
    expect(duplicate.status).toBe('connecting');
    await emitted(duplicate, 'ready');
    const lazy = await openReplication(group.endpoints, { redis: { lazyConnect: true } });
    expect(lazy.writer.options.lazyConnect).toBe(true);
    const lazyDuplicate = lazy.writer.duplicate();
    expect(lazyDuplicate.status).toBe('wait');
    await lazyDuplicate.connect();
    expect(await lazyDuplicate.ping()).toBe('PONG');
  });
});
