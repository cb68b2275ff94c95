import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { openReplication } from '../support/open-replication.js';
import { failoverTo, follow, plannedSwap, whenInSync } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

beforeEach(() => restoreGroup(group));

afterAll(() => group.stop());

/** Each waits at most as long as it takes that some are under way at any moment. */
const consumers: readonly ((redis: Redis) => Promise<unknown>)[] = [
  (redis) => redis.blpop('list-1', 0.02),
  (redis) => redis.blpop('list-2', 0.02),
  (redis) => redis.brpoplpush('list-1', 'taken', 0.02),
  (redis) => redis.brpoplpush('list-2', 'taken', 0.02),
  (redis) => redis.bzpopmin('set-1', 0.02),
  (redis) => redis.bzpopmin('set-2', 0.02),
];

interface Load {
  readonly failures: readonly unknown[];
  stop(): Promise<void>;
}

/** Six connections that consume what the writer produces, each as fast as it can. */
function startConsumers(writer: Redis): Load {
  const failures: unknown[] = [];
  const load = { on: true };
  // Also if the test fails: on a closed connection it would fail without a pause for ever.
  onTestFinished(() => void (load.on = false));
  const connections = consumers.map(() => writer.duplicate());
  onTestFinished(() => connections.forEach((each) => each.disconnect()));
  const repeat = async (act: () => Promise<unknown>) => {
    while (load.on) await act().catch((error: unknown) => failures.push(error));
  };
  const produce = () =>
    writer
      .pipeline()
      .rpush('list-1', 'a')
      .rpush('list-2', 'a')
      .zadd('set-1', 1, 'a')
      .zadd('set-2', 1, 'a')
      .exec();
  const loops = connections.map((redis, index) => repeat(async () => consumers[index]?.(redis)));
  const all = Promise.all([...loops, repeat(produce)]);
  return {
    failures,
    stop: async () => {
      load.on = false;
      await all;
    },
  };
}

type Swap = (from: RedisServer, to: RedisServer, other: RedisServer) => Promise<unknown>;

const swaps: readonly Swap[] = [
  async (from, to, other) => {
    await failoverTo(from, to);
    await follow(other, to);
  },
  // What is sent during the pause is postponed, and refused when it is over.
  async (from, to, other) => {
    await from.command('CLIENT', 'PAUSE', 10_000, 'WRITE');
    await whenInSync(from, [to]);
    await plannedSwap([from, to, other], to);
    await from.command('CLIENT', 'UNPAUSE');
  },
];

const rounds = 12;

test('commands that block end with a reply when their master hands over', { timeout: 120_000 }, async () => {
  const { writer, whenMaster } = await openReplication(group.endpoints);
  const load = startConsumers(writer);
  let [from, to, other] = group.nodes;
  for (let round = 0; round < rounds; round += 1) {
    if (from === undefined || to === undefined || other === undefined) throw new Error('Too few nodes');
    await writer.ping();
    await swaps[round % swaps.length]?.(from, to, other);
    await whenMaster(to);
    await whenInSync(to, [from, other]);
    [from, to, other] = [to, other, from];
  }
  await load.stop();
  expect(load.failures).toEqual([]);
});

test('a swap does not give a command that blocks its whole timeout again', async () => {
  const { writer } = await openReplication(group.endpoints);
  const blocking = writer.duplicate();
  onTestFinished(() => blocking.disconnect());
  await blocking.ping();
  const { master } = group;
  const [heir] = group.replicas;
  if (heir === undefined) throw new Error('There is a replica');
  const issuedAt = performance.now();
  const popped = blocking.blpop('list', 4);
  await failoverTo(master, heir);
  await failoverTo(heir, master);
  const failedOverAt = performance.now();
  expect(await popped).toBeNull();
  expect(failedOverAt - issuedAt).toBeLessThan(4000);
  expect(performance.now() - issuedAt).toBeGreaterThan(3900);
  expect(performance.now() - issuedAt).toBeLessThan(4400);
});
