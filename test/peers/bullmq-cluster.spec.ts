import { Queue, QueueEvents, Worker } from 'bullmq';
import type { Cluster } from 'ioredis';
import { NotAppliedError, UnknownOutcomeError } from 'nestjs-redis-replication';
import { expect, onTestFinished, test } from 'vitest';
import { handOver, startCluster, type ClusterGroup } from '../support/cluster-group.js';
import { openCluster } from '../support/open-cluster.js';
import { whenInSync } from '../../lib/testing/servers/replication.js';
import { until } from '../../lib/testing/servers/until.js';

/** Its hash tag puts all keys of the queue on one shard. */
const prefix = '{jobs}';
const recovery = { lockDuration: 2000, stalledInterval: 500, maxStalledCount: 100 };

async function open() {
  const group = await startCluster({ elections: true });
  onTestFinished(() => group.stop());
  // An old master gets this time to redirect what it has deferred, so that a busy machine makes no difference.
  const { writer: connection } = await openCluster(group.endpoints, { replyTimeoutMs: 2000 });
  const errors: unknown[] = [];
  const watch = <
    T extends { on(event: 'error', note: (error: Error) => void): unknown; close(): Promise<void> },
  >(
    part: T,
  ): T => {
    part.on('error', (error) => errors.push(error));
    // A command that was under way when its master died ends with an unknown outcome, also while this closes.
    onTestFinished(() => part.close().catch((error: unknown) => void errors.push(error)));
    return part;
  };
  const queue = watch(new Queue('work', { connection, prefix, defaultJobOptions: { attempts: 10 } }));
  const events = watch(new QueueEvents('work', { connection, prefix, lastEventId: '0-0' }));
  await events.waitUntilReady();
  const done = new Set<number>();
  watch(
    new Worker<{ readonly number: number }>('work', ({ data }) => Promise.resolve(done.add(data.number)), {
      connection,
      prefix,
      concurrency: 4,
      ...recovery,
    }),
  );
  const added: number[] = [];
  const addTen = (add: (job: () => Promise<unknown>) => Promise<unknown>) =>
    Promise.all(
      Array.from({ length: 10 }, async () => {
        const number = added.push(added.length) - 1;
        // Its id makes a job safe to be added again after an unknown outcome.
        await add(() => queue.add('job', { number }, { jobId: `job-${number}` }));
      }),
    );
  const whenAllDone = () => {
    const missing = () => added.filter((number) => !done.has(number));
    return until('all are done', () => missing().length === 0, { timeoutMs: 30_000, state: missing });
  };
  return { group, errors, addTen, whenAllDone };
}

async function handOverJobs(group: ClusterGroup): Promise<void> {
  await group.whenSettled();
  const master = await group.masterOf('jobs');
  const [heir] = await group.replicasOf(master);
  await handOver(heir);
  await until('it is the master', async () => (await group.masterOf('jobs')) === heir);
}

async function untilKnown(add: () => Promise<unknown>): Promise<void> {
  try {
    await add();
  } catch (error) {
    if (!(error instanceof UnknownOutcomeError)) throw error;
    await untilKnown(add);
  }
}

const once = (add: () => Promise<unknown>) => add();

test('jobs run to their end while their shard is handed over, and no call fails', async () => {
  const { group, errors, addTen, whenAllDone } = await open();
  // There and back. A third one would promote a node again, which Redis can get wrong within four seconds.
  for (let round = 0; round < 2; round++) {
    await Promise.all([addTen(once), handOverJobs(group)]);
  }
  await addTen(once);
  await whenAllDone();
  expect(errors).toEqual([]);
});

test('jobs run to their end after the master of their shard was killed, and none is lost', async () => {
  const { group, errors, addTen, whenAllDone } = await open();
  await addTen(once);
  const master = await group.masterOf('jobs');
  // What was acknowledged and not replicated would be lost.
  await whenInSync(master, await group.replicasOf(master));
  await Promise.all([master.kill(), addTen(untilKnown)]);
  await whenAllDone();
  expect(errors.filter((error) => error instanceof NotAppliedError)).toEqual([]);
  expect(errors.filter((error) => /MOVED|redirections|CLUSTERDOWN|READONLY/.test(String(error)))).toEqual([]);
});

test('a queue without a hash tag in its prefix is refused by the servers', async () => {
  const group = await startCluster();
  onTestFinished(() => group.stop());
  const { writer: connection } = await openCluster(group.endpoints);
  const add = async (cluster: Cluster) => {
    const queue = new Queue('work', { connection: cluster });
    try {
      return await queue.add('job', {});
    } finally {
      await queue.close();
    }
  };
  await expect(add(connection)).rejects.toThrow(/CROSSSLOT|same slot/);
});
