import type { Redis } from 'ioredis';
import { startRedisGroup, type RedisGroup } from 'nestjs-redis-replication/testing';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { timeoutLeft } from '../../lib/connections/outcomes/blocking-time.js';
import { rolesOf } from '../support/group-roles.js';
import { openReplication } from '../support/open-replication.js';
import { createSwapper } from '../support/swaps.js';

let group: RedisGroup;

beforeAll(async () => {
  group = await startRedisGroup({ replicas: 2 });
});

beforeEach(() => group.restore());

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

const rounds = 12;

test('commands that block end with a reply when their master hands over', { timeout: 120_000 }, async () => {
  const opened = await openReplication(group.endpoints);
  const { writer } = opened;
  const load = startConsumers(writer);
  const { swap } = createSwapper(group, opened);
  for (let round = 0; round < rounds; round += 1) {
    await writer.ping();
    await swap();
  }
  await load.stop();
  expect(load.failures).toEqual([]);
});

test('a swap does not give a command that blocks its whole timeout again', async () => {
  const { writer } = await openReplication(group.endpoints);
  const blocking = writer.duplicate();
  onTestFinished(() => blocking.disconnect());
  await blocking.ping();
  const { master, heir } = rolesOf(group);
  const issuedAt = performance.now();
  const popped = blocking.blpop('list', 4);
  await group.failOver('planned', { to: heir });
  await group.failOver('planned', { to: master });
  const failedOverAt = performance.now();
  expect(await popped).toBeNull();
  expect(failedOverAt - issuedAt).toBeLessThan(4000);
  expect(performance.now() - issuedAt).toBeGreaterThan(3900);
  expect(performance.now() - failedOverAt).toBeLessThan(4000);
});

test.each([
  { name: 'blpop', args: ['list', 1] },
  { name: 'brpoplpush', args: ['list', 'taken', 1] },
  { name: 'bzpopmin', args: ['set', 1] },
])(
  '$name with the shortest timeout, sent when none is left, does not block for ever',
  async ({ name, args }) => {
    const { index = 0, value } = timeoutLeft({ name, args }, 2000) ?? {};
    const { master } = rolesOf(group);
    expect(await master.command(name, ...args.with(index, String(value)))).toBeNull();
  },
);
