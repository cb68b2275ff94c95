import { Queue, QueueEvents, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { NotAppliedError, UnknownOutcomeError } from 'nestjs-redis-replication';
import { expect, onTestFinished, test } from 'vitest';
import { countNodes } from '../support/counted-nodes.js';
import { openReplication } from '../support/open-replication.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import {
  failoverTo,
  follow,
  plannedSwap,
  promote,
  whenInSync,
} from '../../lib/testing/servers/replication.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import { measureTraffic } from '../support/traffic.js';
import { until } from '../../lib/testing/servers/until.js';

interface Failover {
  readonly name: string;
  /** Makes `to` the master of the others, without losing what they all have. */
  readonly run: (parties: Parties) => Promise<unknown>;
}

interface Parties {
  readonly from: RedisServer;
  readonly to: RedisServer;
  readonly other: RedisServer;
  /** Adds jobs; resolves when they are known to be added. */
  readonly addJobs: () => Promise<unknown>;
  /** Waits until nothing can be answered by the old master any more. */
  readonly whenMoved: () => Promise<unknown>;
}

const failovers: readonly Failover[] = [
  {
    // As a careful operator does it: what the old master took after the promotion would be lost with it.
    name: 'planned swap',
    run: async ({ from, to, other, addJobs }) => {
      await from.command('CLIENT', 'PAUSE', 10_000, 'WRITE');
      const adding = addJobs();
      await whenInSync(from, [to]);
      await plannedSwap([from, to, other], to);
      await from.command('CLIENT', 'UNPAUSE');
      await adding;
    },
  },
  {
    name: 'FAILOVER TO',
    run: async ({ from, to, other, addJobs }) => {
      const adding = addJobs();
      await failoverTo(from, to);
      await follow(other, to);
      await adding;
    },
  },
  {
    name: 'kill, promote, restart',
    run: async ({ from, to, other, addJobs }) => {
      await from.kill();
      const adding = addJobs();
      await promote(to);
      await follow(other, to);
      await from.restart(['--replicaof', to.host, String(to.port)]);
      await adding;
    },
  },
  {
    name: 'hang, promote, continue, demote',
    run: async ({ from, to, other, addJobs, whenMoved }) => {
      from.hang();
      const adding = addJobs();
      await promote(to);
      await follow(other, to);
      // What it still answered when it goes on would be lost with it.
      await whenMoved();
      from.resume();
      await follow(from, to);
      await adding;
    },
  },
];

const rounds = 5;
const jobsAtATime = 10;
const readsPerJob = 100;
const tickMs = 200;
const patience = { timeoutMs: 20_000 };

/**
 * A job whose completion was lost with its connection counts as failed: it takes a second attempt. One that the new
 * master believes to be under way is taken up again when its lock has expired.
 */
const jobOptions = { attempts: 10 };
const workerOptions = { concurrency: 4, lockDuration: 1000, stalledInterval: 500, maxStalledCount: 1000 };

async function openQueue(connection: Redis) {
  const errors: unknown[] = [];
  const done = new Map<string, number>();
  const queue = new Queue('jobs', { connection, defaultJobOptions: jobOptions });
  const events = new QueueEvents('jobs', { connection });
  const worker = new Worker(
    'jobs',
    async ({ name }) => {
      // A job takes a while, so that a failover finds some under way.
      for (let left = readsPerJob; left > 0; left -= 1) await connection.get(name);
      done.set(name, (done.get(name) ?? 0) + 1);
      return name;
    },
    { connection, ...workerOptions },
  );
  const note = (error: unknown) => errors.push(error);
  queue.on('error', note);
  events.on('error', note);
  worker.on('error', note);
  onTestFinished(async () => {
    await worker.close();
    await events.close();
    await queue.close();
  });
  await events.waitUntilReady();
  return { queue, events, errors, timesDone: (name: string) => done.get(name) ?? 0 };
}

/** Adds jobs with names that are new. */
function createProducer(queue: Queue): { readonly names: readonly string[]; add(): Promise<unknown> } {
  const names: string[] = [];
  return {
    names,
    add() {
      const added = Array.from({ length: jobsAtATime }, (_, index) => `job-${names.length + index}`);
      names.push(...added);
      return Promise.all(added.map((name) => addUntilKnown(queue, name)));
    },
  };
}

/** Under an id of its own a job may be added again, where it is not known whether it was. */
async function addUntilKnown(queue: Queue, name: string): Promise<unknown> {
  try {
    return await queue.add(name, {}, { jobId: name });
  } catch (error) {
    if (error instanceof UnknownOutcomeError) return addUntilKnown(queue, name);
    throw error;
  }
}

function noteUnhandled(): readonly unknown[] {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  return unhandled;
}

async function openAll() {
  const group = await startGroup();
  onTestFinished(() => group.stop());
  const nodes = countNodes(group.endpoints);
  const opened = await openReplication(nodes.source, {
    redis: { maxRetriesPerRequest: null },
    pollIntervalMs,
  });
  return { group, nodes, opened, unhandled: noteUnhandled(), ...(await openQueue(opened.writer)) };
}

const pollIntervalMs = 100;
/** A look each 90 ms at most, the acknowledgements of two replicas each second, and what the idle worker asks. */
const commandsPerSecondWhenIdle = 1000 / (0.9 * pollIntervalMs) + 2 + 50;

test('BullMQ does every job and ticks on through twenty failovers', { timeout: 240_000 }, async () => {
  const { group, nodes, opened, unhandled, queue, events, errors, timesDone } = await openAll();
  const { whenMaster, writer } = opened;
  const producer = createProducer(queue);
  await queue.upsertJobScheduler('clock', { every: tickMs }, { name: 'tick', opts: jobOptions });
  const counts = () => queue.getJobCounts('wait', 'active', 'delayed', 'failed', 'prioritized');
  let [from, to, other] = group.nodes;
  for (const { name, run } of Array.from({ length: rounds }, () => failovers).flat()) {
    if (from === undefined || to === undefined || other === undefined) throw new Error('Too few nodes');
    const heir = to;
    const whenMoved = async () => {
      await whenMaster(heir);
      await writer.ping();
    };
    await producer.add();
    // What no replica has is lost with its master, whoever wrote it.
    await whenInSync(from, [to, other]);
    await run({ from, to, other, addJobs: () => producer.add(), whenMoved });
    await whenMoved();
    await whenInSync(to, [from, other]);
    const ticks = timesDone('tick');
    const ticksOn = () => timesDone('tick') > ticks + 1;
    await until(`it ticks on after: ${name}`, ticksOn, { ...patience, state: counts });
    [from, to, other] = [to, other, from];
  }
  const undone = () => producer.names.filter((name) => timesDone(name) === 0);
  await until('every job is done', () => undone().length === 0, { ...patience, state: undone });
  await queue.removeJobScheduler('clock');
  const isEmpty = async () => Object.values(await counts()).every((count) => count === 0);
  await until('nothing is left', isEmpty, { ...patience, state: counts });

  const last = await queue.add('last', {});
  expect(await last.waitUntilFinished(events, patience.timeoutMs)).toBe('last');
  // Nothing was given up while it waited, and no refusal of a server came through.
  expect(errors.filter((error) => error instanceof NotAppliedError)).toEqual([]);
  expect(errors.filter((error) => /READONLY|UNBLOCKED|LOADING/.test(String(error)))).toEqual([]);
  expect(unhandled).toEqual([]);

  const { seconds, commands, dials } = await measureTraffic(group.nodes, () =>
    Promise.all(group.endpoints.map((endpoint) => nodes.whenProbed(endpoint, 20))),
  );
  expect(dials).toBe(0);
  expect(commands).toBeLessThanOrEqual(1 + commandsPerSecondWhenIdle * seconds);
});
