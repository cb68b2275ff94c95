import { UnknownOutcomeError, NotAppliedError } from 'nestjs-redis-replication';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { startCluster, type ClusterGroup } from '../support/cluster-group.js';
import { createCluster, openCluster, shardOf, type OpenCluster } from '../support/open-cluster.js';
import { startProxy, type TcpProxy } from '../../lib/testing/network/tcp-proxy.js';
import { executions, forms, times, writes } from '../support/lost-replies.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { until } from '../../lib/testing/servers/until.js';
import { whenInSync } from '../../lib/testing/servers/replication.js';

/** All keys are in one slot, so that a pipeline and a transaction may name them all. */
const tag = '{lost}:';
const options = { redis: { keyPrefix: tag } };

let group: ClusterGroup;

beforeAll(async () => {
  group = await startCluster();
});

beforeEach(async () => {
  await group.whenSettled();
  for (const master of [await group.masterOf('lost'), await group.masterOf('a')])
    await master.command('FLUSHALL');
});

afterAll(() => group.stop());

interface Stage extends OpenCluster {
  readonly master: RedisServer;
  readonly heir: RedisServer;
  readonly proxy: TcpProxy;
}

/** The app reaches the master of the shard through a proxy that can lose bytes. */
async function setStage(more: object = {}): Promise<Stage> {
  const master = await group.masterOf('lost');
  const [heir] = await group.replicasOf(master);
  if (heir === undefined) throw new Error('A shard has a replica');
  const proxy = await startProxy(master.port);
  onTestFinished(() => proxy.stop());
  const cluster = {
    nodes: group.endpoints,
    mapEndpoint: ({ host, port }: { host: string; port: number }) =>
      port === master.port ? { host: '127.0.0.1', port: proxy.port } : { host, port },
  };
  const opened = await openCluster(group.endpoints, { ...options, ...more, cluster });
  await opened.writer.set('lost:text', 'text');
  return { ...opened, master, heir, proxy };
}

/** As `executions`, with the prefix of the keys. */
function executed(node: RedisServer) {
  return executions({
    ...node,
    command: async (name, key) => {
      await node.command('READONLY');
      return node.command(name, `${tag}${String(key)}`);
    },
  });
}

async function whenExecuted(node: RedisServer): Promise<void> {
  await until('they were executed', async () => {
    expect(await executed(node)).toEqual(times(1));
    return true;
  });
}

describe.each(forms)('$name', ({ redis = {}, issue }) => {
  test.each([
    {
      name: 'the connection is closed after they were executed',
      strike: async ({ proxy }: Stage) => {
        proxy.cut();
        proxy.heal();
      },
    },
    {
      name: 'a failover takes place after they were executed and replicated',
      strike: async ({ proxy, master, heir }: Stage) => {
        await whenInSync(master, [heir]);
        await heir.command('CLUSTER', 'FAILOVER', 'TAKEOVER');
        proxy.cut();
        proxy.heal();
      },
    },
  ])(
    '$name: their outcome is unknown, none runs twice, and what only reads is answered',
    async ({ strike }) => {
      const stage = await setStage({ redis: { ...options.redis, ...redis } });
      stage.proxy.swallowReplies();
      const ended = issue(stage.writer);
      await whenExecuted(stage.master);
      await strike(stage);
      const [text, ...others] = (await ended).toReversed();
      expect(text).toBe('text');
      expect(others.toReversed()).toMatchObject(
        writes.map((command) => ({ name: 'UnknownOutcomeError', code: 'UNKNOWN_OUTCOME', command })),
      );
      expect(await stage.writer.set('lost:later', 'value')).toBe('OK');
      expect(await executed(await group.masterOf('lost'))).toEqual(times(1));
    },
  );
});

test('a transaction whose reply is lost has an unknown outcome, and runs once', async () => {
  const { writer, proxy, master } = await setStage();
  proxy.swallowReplies();
  const ended = writer
    .multi()
    .incr('lost:counter')
    .lpush('lost:list', 'x')
    .exec()
    .catch((error: unknown) => error);
  await until('it was executed', async () => (await executed(master)).lpush > 0);
  proxy.cut();
  proxy.heal();
  expect(await ended).toBeInstanceOf(UnknownOutcomeError);
  expect(await writer.get('lost:counter')).toBe('1');
});

test('what was rejected is never executed afterwards, though its shard comes back', async () => {
  const { writer, master, heir, whenTopology } = await setStage({ hold: { timeoutMs: 100 } });
  heir.hang();
  master.hang();
  await whenTopology((topology) => shardOf(topology, 'lost')?.topology.kind === 'masterless');
  const rejected = await writer.incr('lost:counter').catch((error: unknown) => error);
  expect(rejected).toBeInstanceOf(NotAppliedError);
  master.resume();
  heir.resume();
  await group.whenSettled();
  await whenTopology(({ kind }) => kind === 'steady');
  expect(await writer.set('lost:later', 'value')).toBe('OK');
  expect(await writer.get('lost:counter')).toBeNull();
});

test('before the slots are known, commands wait no longer than they may, in all forms', async () => {
  const { writer, replication } = createCluster(['127.0.0.1:1'], { hold: { timeoutMs: 100 } });
  await replication.onModuleInit();
  const [single, pipeline] = await Promise.all(
    [writer.set('a', 'b'), writer.pipeline().set('a', 'b').exec()].map((each) =>
      each.catch((error: unknown) => error),
    ),
  );
  for (const error of [single, pipeline]) {
    expect(error).toBeInstanceOf(NotAppliedError);
    expect(String(error)).toMatch(/held for 100 ms; no node has told the slots of the cluster yet/);
  }
});

test('commands in flight when the app closes the connection end at once, and nothing runs later', async () => {
  const { writer, master } = await setStage();
  master.hang();
  const ended = writer.incr('lost:counter').catch((error: unknown) => error);
  writer.disconnect();
  expect(String(await ended)).toMatch(/Connection is closed/);
  master.resume();
});

test('what is under way when the app disconnects is rejected once the cluster connection has ended', async () => {
  const { writer } = await openCluster(group.endpoints);
  const duplicate = writer.duplicate();
  // The connections to the shards end one after the other.
  for (const key of ['a', 'b', 'c']) await duplicate.set(key, 'value');
  const status = duplicate.bzpopmin('lost', 0).catch(() => duplicate.status);
  const master = await group.masterOf('lost');
  await until('the server waits for data', async () =>
    String(await master.command('INFO', 'clients')).includes('blocked_clients:1'),
  );
  duplicate.disconnect();
  expect(await status).toBe('end');
});
