import {
  FlowProducer,
  MetricsTime,
  Queue,
  QueueEvents,
  Worker,
  type Processor,
  type WorkerOptions,
} from 'bullmq';
import { NotAppliedError } from 'nestjs-redis-replication';
import { startRedisGroup, type RedisGroup } from 'nestjs-redis-replication/testing';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { openReplication } from '../support/open-replication.js';
import { until } from '../../lib/testing/servers/until.js';
import { createSwapper, startSwapping } from '../support/swaps.js';

let group: RedisGroup;
const swaps: number[] = [];

beforeAll(async () => {
  group = await startRedisGroup({ replicas: 2 });
});

beforeEach(() => group.restore());

afterAll(() => group.stop());

const patience = { timeoutMs: 30_000 };
/** A completion whose reply was lost counts as a failure, so that the job takes a second attempt. */
const defaultJobOptions = { attempts: 10 };
const recovery = { lockDuration: 2000, stalledInterval: 500, maxStalledCount: 100 };

interface Data {
  readonly number: number;
  /** When it should run, in milliseconds since the epoch. */
  readonly due: number;
}

async function open(mode: 'calm' | 'swapping' = 'swapping') {
  const opened = await openReplication(group.endpoints, { redis: { maxRetriesPerRequest: null } });
  const { writer: connection } = opened;
  const errors: unknown[] = [];
  const watch = <
    T extends { on(event: 'error', note: (error: Error) => void): unknown; close(): Promise<void> },
  >(
    part: T,
  ): T => {
    part.on('error', (error) => errors.push(error));
    onTestFinished(() => part.close());
    return part;
  };
  const queue = watch(new Queue('jobs', { connection, defaultJobOptions }));
  // With the default, `$`, it reads from the end of the stream at the new master until its first event has arrived.
  const events = watch(new QueueEvents('jobs', { connection, lastEventId: '0-0' }));
  await events.waitUntilReady();
  const swapping = mode === 'swapping' ? startSwapping(group, opened) : undefined;
  return {
    connection,
    ...createSwapper(group, opened),
    queue,
    events,
    watch,
    work: (processor: Processor<Data>, options: Partial<WorkerOptions> = {}) =>
      watch(new Worker<Data>('jobs', processor, { connection, concurrency: 4, ...recovery, ...options })),
    /** Ends the swaps. No command was given up while it waited, and no refusal of a server came through. */
    finish: async () => {
      swaps.push((await swapping?.stop()) ?? 0);
      expect(errors.filter((error) => error instanceof NotAppliedError)).toEqual([]);
      expect(errors.filter((error) => /READONLY|UNBLOCKED|LOADING/.test(String(error)))).toEqual([]);
    },
  };
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

test('delayed jobs run in time, although their worker was waiting when the master was swapped', async () => {
  const { queue, work, swap } = await open('calm');
  const lateMs: number[] = [];
  // Jobs that were due only when the last swap of their round was over.
  const judged: number[] = [];
  work(async ({ data }) => lateMs.push(Date.now() - data.due), { stalledInterval: 30_000 });
  for (const round of numbers(5)) {
    const adding = numbers(8).map((number) => {
      const delay = 4000 + 10 * number;
      return queue.add('delayed', { due: Date.now() + delay }, { delay });
    });
    await Promise.all(adding);
    const due = Date.now() + 4000;
    await swap();
    await swap();
    const isOver = Date.now() < due;
    const ran = () => lateMs.length >= 8 * (round + 1);
    await until('they ran', ran, { ...patience, state: () => lateMs });
    if (isOver) judged.push(...lateMs.slice(8 * round, 8 * round + 8));
  }
  swaps.push(10);
  // If the wait of the worker began anew with each swap, every fifth would be, by up to a second.
  expect(judged.length).toBeGreaterThan(0);
  expect(judged.filter((ms) => ms > 300).length).toBeLessThanOrEqual(judged.length / 10);
});

test('a repeated job goes on', async () => {
  const { queue, work, finish } = await open();
  // An iteration whose completion is lost with its connection runs again.
  const ran = new Set<string>();
  work(async ({ id = '' }) => ran.add(id));
  await queue.upsertJobScheduler('clock', { every: 100 }, { name: 'tick' });
  await until('it ticked', () => ran.size >= 15, { ...patience, state: () => ran.size });
  await finish();
  await queue.removeJobScheduler('clock');
});

test('a rate limit holds', async () => {
  const { queue, work, finish } = await open();
  const at: number[] = [];
  work(async () => at.push(Date.now()), { limiter: { max: 4, duration: 500 } });
  await queue.addBulk(numbers(24).map((number) => ({ name: 'limited', data: { number } })));
  await until('all ran', async () => (await queue.getCompletedCount()) === 24, patience);
  await finish();
  // Five of six windows are full before the last one begins.
  expect((at.at(-1) ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(5 * 500 * 0.9);
});

/** A script in a transaction that a master refuses while it hands over ends with that refusal. It changed nothing. */
async function addUntilKnown(add: () => Promise<unknown>): Promise<unknown> {
  try {
    return await add();
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('READONLY')) return addUntilKnown(add);
    throw error;
  }
}

test('the parent of a flow runs after its children, with their values', async () => {
  const { connection, work, watch, finish } = await open();
  const sums: number[] = [];
  work(async (job) => {
    if (job.name === 'child') return job.data.number;
    const values = Object.values(await job.getChildrenValues<number>());
    sums.push(values.reduce((sum, value) => sum + value, 0));
    return values.length;
  });
  const flows = watch(new FlowProducer({ connection }));
  for (const flow of numbers(20)) {
    const children = numbers(5).map((number) => ({
      name: 'child',
      queueName: 'jobs',
      data: { number },
      opts: defaultJobOptions,
    }));
    await addUntilKnown(() =>
      flows.add({ name: 'parent', queueName: 'jobs', data: { flow }, opts: defaultJobOptions, children }),
    );
  }
  await until('all parents ran', () => sums.length >= 20, { ...patience, state: () => sums });
  await finish();
  expect(new Set(sums)).toEqual(new Set([10]));
});

test('a job whose worker died is taken up by another', async () => {
  const { queue, work, finish } = await open();
  const taken = new Set<string>();
  const dead = work(
    async ({ name }) => {
      taken.add(name);
      await new Promise(() => undefined);
    },
    { lockRenewTime: 60_000 },
  );
  await queue.addBulk(numbers(4).map((number) => ({ name: `job-${number}`, data: {} })));
  await until('the first worker took them', () => taken.size === 4, patience);
  await dead.close(true);
  const done = new Set<string>();
  work(async ({ name }) => done.add(name));
  await until('the second worker did them', () => done.size === 4, { ...patience, state: () => [...done] });
  await finish();
});

test('metrics count every completed job', async () => {
  const { queue, work, finish } = await open();
  work(async () => undefined, { metrics: { maxDataPoints: MetricsTime.ONE_HOUR } });
  for (const batch of numbers(20)) {
    await queue.addBulk(numbers(10).map((number) => ({ name: 'counted', data: { batch, number } })));
  }
  await until('all ran', async () => (await queue.getCompletedCount()) === 200, patience);
  await finish();
  expect((await queue.getMetrics('completed')).meta.count).toBe(200);
});

test('events arrive for every job, in order and once', async () => {
  const { queue, events, work, finish } = await open();
  const seen: string[] = [];
  events.on('completed', ({ jobId }) => seen.push(jobId));
  queue.setMaxListeners(0);
  const results = new Map<string, unknown>();
  work(async ({ data }) => data.number, { concurrency: 1 });
  await Promise.all(
    numbers(100).map(async (number) => {
      const job = await queue.add('told', { number });
      results.set(job.id ?? '', await job.waitUntilFinished(events, patience.timeoutMs));
    }),
  );
  await until('all events arrived', () => new Set(seen).size === 100, patience);
  await finish();
  expect(new Set(results.values())).toEqual(new Set(numbers(100)));
  expect(seen).toHaveLength(100);
});

test('there were at least twenty swaps', () => {
  expect(swaps.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(20);
});
