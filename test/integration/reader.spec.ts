import type { Redis } from 'ioredis';
import { ReadOnlyConnectionError, type RedisReplicationOptions } from 'nestjs-redis-replication';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { rolesOf } from '../support/group-roles.js';
import { readInfo } from '../../lib/testing/servers/info.js';
import { createReplication, openReplication } from '../support/open-replication.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { follow, plannedSwap, promote, whenInSync } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { needsServer } from '../support/server-under-test.js';
import { until } from '../../lib/testing/servers/until.js';

type ReadFrom = NonNullable<RedisReplicationOptions['readFrom']>;

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

beforeEach(() => restoreGroup(group));

afterAll(() => group.stop());

async function open(readFrom: ReadFrom) {
  const opened = await openReplication(group.endpoints, { readFrom });
  return {
    ...opened,
    ...rolesOf(group),
    whenUsable: (replicas: number) =>
      opened.whenTopology(
        ({ kind, nodes }) => kind === 'steady' && nodes.filter(isFollowing).length === replicas,
      ),
  };
}

function isFollowing(node: { readonly kind: string; readonly link?: string | undefined }): boolean {
  return node.kind === 'replica' && node.link === 'up';
}

/** The node that answers, by what it says of itself. */
async function nodeOf(reader: Redis): Promise<string> {
  const info = await reader.info('server');
  return `127.0.0.1:${/tcp_port:(\d+)/.exec(info)?.[1]}`;
}

async function whenReadsFrom(reader: Redis, nodes: readonly RedisServer[]): Promise<void> {
  const names = nodes.map(({ endpoint }) => endpoint);
  await until(`it reads from ${names.join()}`, async () => names.includes(await nodeOf(reader)));
}

describe('the reader', () => {
  test.each<[ReadFrom, 'the master' | 'a replica' | 'any node']>([
    ['master', 'the master'],
    ['masterPreferred', 'the master'],
    ['replica', 'a replica'],
    ['replicaPreferred', 'a replica'],
    ['any', 'any node'],
  ])('with %s uses %s', async (readFrom, which) => {
    const { reader, whenUsable, master, heir, other } = await open(readFrom);
    await whenUsable(2);
    const expected = { 'the master': [master], 'a replica': [heir, other], 'any node': group.nodes }[which];
    await whenReadsFrom(reader, expected);
    for (let read = 0; read < 20; read++) {
      expect(expected.map(({ endpoint }) => endpoint)).toContain(await nodeOf(reader));
    }
  });

  test.each<ReadFrom>(['replica', 'replicaPreferred'])(
    'with %s leaves a replica that was promoted',
    async (readFrom) => {
      const { reader, whenUsable, whenMaster } = await open(readFrom);
      await whenUsable(2);
      const used = await nodeOf(reader);
      const promoted = group.replicas.find(({ endpoint }) => endpoint === used) ?? rolesOf(group).heir;
      await plannedSwap(group.nodes, promoted);
      await whenMaster(promoted);
      await whenUsable(2);
      await whenReadsFrom(
        reader,
        group.nodes.filter((node) => node !== promoted),
      );
    },
  );

  test('goes to another replica when its own dies, and no read fails', async () => {
    const { reader, whenUsable } = await open('replica');
    await whenUsable(2);
    const used = await nodeOf(reader);
    const reads = Array.from({ length: 200 }, () => reader.get('key'));
    await group.replicas.find(({ endpoint }) => endpoint === used)?.kill();
    reads.push(...Array.from({ length: 200 }, () => reader.get('key')));
    expect(new Set(await Promise.all(reads))).toEqual(new Set([null]));
    expect(await nodeOf(reader)).not.toBe(used);
  });

  test('goes to another replica when its own hangs, and no read fails', async () => {
    const { reader, whenUsable } = await open('replica');
    await whenUsable(2);
    const used = await nodeOf(reader);
    group.replicas.find(({ endpoint }) => endpoint === used)?.hang();
    expect(await Promise.all(Array.from({ length: 50 }, () => reader.get('key')))).toHaveLength(50);
    expect(await nodeOf(reader)).not.toBe(used);
  });

  test('falls back to the master without replicas, and leaves it when one returns', async () => {
    const { reader, whenUsable, master, heir, other } = await open('replicaPreferred');
    await Promise.all([heir.kill(), other.kill()]);
    await whenReadsFrom(reader, [master]);
    await heir.restart();
    await follow(heir, master);
    await whenInSync(master, [heir]);
    await whenUsable(1);
    await whenReadsFrom(reader, [heir]);
  });

  test('with replica waits while there is none', async () => {
    const { replication, reader, whenTopology, heir, other, master } = await open('replica');
    await Promise.all([heir.kill(), other.kill()]);
    await whenTopology(({ nodes }) => nodes.filter(({ kind }) => kind === 'unusable').length === 2);
    const read = reader.get('key');
    await heir.restart();
    await follow(heir, master);
    expect(await read).toBeNull();
    expect(await nodeOf(reader)).toBe(heir.endpoint);
    expect(replication.latest.kind).toBe('steady');
  });

  test('reads from a replica of a dead master while none is promoted', async () => {
    const { reader, writer, whenTopology, whenUsable, master, heir, other } = await open('replicaPreferred');
    await writer.set('key', 'value');
    await whenInSync(master, [heir, other]);
    await whenUsable(2);
    await master.kill();
    await whenTopology(({ kind }) => kind === 'masterless');
    await until(
      'replicas notice',
      async () => (await readInfo(heir, 'replication')).get('master_link_status') === 'down',
    );
    await whenTopology(({ nodes }) => nodes.some((node) => node.kind === 'replica' && node.link === 'down'));
    expect(await reader.get('key')).toBe('value');
  });

  test('with masterPreferred reads from a replica while there is no master', async () => {
    const { reader, whenMaster, master, heir, other } = await open('masterPreferred');
    await whenReadsFrom(reader, [master]);
    await master.kill();
    await whenReadsFrom(reader, [heir, other]);
    await promote(heir);
    await whenMaster(heir);
    await whenReadsFrom(reader, [heir]);
  });
});

test('ten readers spread over both replicas', async () => {
  const { heir, other } = rolesOf(group);
  const { whenTopology, reader } = await openReplication(group.endpoints);
  await whenTopology(({ nodes }) => nodes.filter(isFollowing).length === 2);
  const readers = Array.from({ length: 10 }, () => reader.duplicate());
  const used = await Promise.all(readers.map(nodeOf));
  readers.forEach((each) => each.disconnect());
  // One in 512 runs would see them all on one replica by chance, so that one more draw is allowed.
  const isSpread = new Set(used).size === 2;
  const again = isSpread
    ? used
    : await Promise.all(Array.from({ length: 20 }, () => nodeOf(reader.duplicate())));
  expect(new Set(again)).toEqual(new Set([heir.endpoint, other.endpoint]));
});

describe('the reader refuses', () => {
  test.each<[string, (reader: Redis) => Promise<unknown>]>([
    ['SET', (reader) => reader.set('key', 'secret')],
    ['GETDEL', (reader) => reader.getdel('key')],
    ['EVAL', (reader) => reader.eval('return 1', 0)],
    ['PUBLISH', (reader) => reader.publish('channel', 'secret')],
    ['NONSENSE', (reader) => reader.call('nonsense', 'secret')],
    ['FLUSHALL', (reader) => reader.flushall()],
  ])('%s, and sends nothing', async (name, run) => {
    // On the master, where it would be carried out.
    const { reader, master } = await open('master');
    await reader.ping();
    await master.command('CONFIG', 'RESETSTAT');
    const failure = await run(reader).catch((reason: unknown) => reason);
    expect(failure).toBeInstanceOf(ReadOnlyConnectionError);
    expect(failure).toMatchObject({ code: 'READ_ONLY_CONNECTION', command: name.toLowerCase() });
    expect(String(failure)).not.toContain('secret');
    const calls = String(await master.command('INFO', 'commandstats'));
    expect(calls).not.toContain(`cmdstat_${name.toLowerCase()}:`);
    expect(String(await master.command('INFO', 'errorstats'))).not.toContain('errorstat_ERR');
  });

  test('writes in a pipeline, and answers its reads', async () => {
    const { reader, writer } = await open('master');
    await writer.set('key', 'value');
    const replies = await reader.pipeline().get('key').set('key', 'other').strlen('key').exec();
    expect(replies?.[0]).toEqual([null, 'value']);
    expect(replies?.[1]?.[0]).toBeInstanceOf(ReadOnlyConnectionError);
    expect(replies?.[2]).toEqual([null, 5]);
    expect(await writer.get('key')).toBe('value');
  });

  test('writes in a pipeline that waits, and answers its reads', async () => {
    const { reader, replication } = createReplication(group.endpoints);
    const replies = reader.pipeline().set('key', 'other').get('key').set('key', 'other').exec();
    await replication.onModuleInit();
    expect((await replies)?.map(([failure]) => failure?.name)).toEqual([
      'ReadOnlyConnectionError',
      undefined,
      'ReadOnlyConnectionError',
    ]);
  });

  test('a transaction, and nothing of it is left open', async () => {
    const { reader } = await open('master');
    await expect(reader.multi().get('key').exec()).rejects.toBeInstanceOf(ReadOnlyConnectionError);
    expect(await reader.get('key')).toBeNull();
  });

  test('writes of its duplicates as well', async () => {
    const { reader } = await open('replicaPreferred');
    const duplicate = reader.duplicate();
    await expect(duplicate.set('key', 'value')).rejects.toBeInstanceOf(ReadOnlyConnectionError);
    duplicate.disconnect();
  });
});

test('the reader runs scripts that only read', async (context) => {
  needsServer(context, ['Redis 7.0', 'EVAL_RO']);
  const { reader, writer, master, heir, other } = await open('replica');
  await writer.set('key', 'value');
  await whenInSync(master, [heir, other]);
  expect(await reader.call('EVAL_RO', "return redis.call('get', KEYS[1])", 1, 'key')).toBe('value');
});

test('after a power cut nothing is read from a replica that was started empty: reads wait for data, and say why', async () => {
  const { reader, writer, master, heir, other, whenTopology } = await open('replica');
  await writer.set('key', 'value');
  await whenInSync(master, [heir, other]);
  await master.command('SAVE');
  await Promise.all([master, heir, other].map((node) => node.kill()));
  await whenTopology(({ nodes }) => nodes.every(({ kind }) => kind === 'unusable'));
  // It finds neither a file with data nor its master.
  await other.restart(['--dbfilename', 'none.rdb', '--replicaof', master.host, String(master.port)]);
  const { nodes } = await whenTopology((topology) => topology.nodes.some(({ kind }) => kind === 'replica'));
  expect(nodes.find(({ kind }) => kind === 'replica')).toMatchObject({
    endpoint: other.endpoint,
    foreign: true,
  });
  const read = reader.get('key');
  await master.restart();
  expect(await read).toBe('value');
});
