import Bull, { type QueueOptions } from 'bull';
import { startRedisGroup, type RedisGroup } from 'nestjs-redis-replication/testing';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { openReplication } from '../support/open-replication.js';
import { until } from '../../lib/testing/servers/until.js';
import { createSwapper, startSwapping } from '../support/swaps.js';

let group: RedisGroup;

beforeAll(async () => {
  group = await startRedisGroup({ replicas: 2 });
});

beforeEach(() => group.restore());

afterAll(() => group.stop());

async function open() {
  const opened = await openReplication(group.endpoints, { redis: { maxRetriesPerRequest: null } });
  const { writer } = opened;
  const createClient = (type: string) =>
    type === 'client' ? writer : writer.duplicate({ enableReadyCheck: false });
  const queue = new Bull<{ number: number }>('jobs', {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its types are those of its own ioredis 5
    createClient: createClient as unknown as NonNullable<QueueOptions['createClient']>,
    defaultJobOptions: { attempts: 10 },
    settings: { lockDuration: 2000, stalledInterval: 500, maxStalledCount: 100 },
  });
  const errors: unknown[] = [];
  queue.on('error', (error) => errors.push(error));
  onTestFinished(() => queue.close(true));
  await queue.isReady();
  return { ...opened, queue, errors };
}

test('every job runs, although the master is swapped while jobs are added and run', async () => {
  const { queue, errors, ...opened } = await open();
  const done = new Set<number>();
  void queue.process(4, async ({ data }) => void done.add(data.number));
  const swapping = startSwapping(group, opened);
  for (let number = 0; number < 60; number += 1) {
    // A job whose addition has an unknown outcome is added again under the same id.
    const add = async () => queue.add({ number }, { jobId: number });
    await add().catch(add);
  }
  await until('all have run', () => done.size === 60, { timeoutMs: 30_000 });
  const count = await swapping.stop();
  expect(count).toBeGreaterThan(0);
  expect(errors.filter((error) => /READONLY|UNBLOCKED|LOADING|NotApplied/.test(String(error)))).toEqual([]);
});

test('a worker that waits for jobs gets those that are added at the next master', async () => {
  const { queue, ...opened } = await open();
  const done: number[] = [];
  void queue.process(async ({ data }) => void done.push(data.number));
  const { swap } = createSwapper(group, opened);
  for (const number of [0, 1, 2]) {
    await swap();
    await queue.add({ number });
    await until(`job ${number} has run`, () => done.includes(number));
  }
  expect(done).toEqual([0, 1, 2]);
});
