import { Queue, Worker } from 'bullmq';
import { NotAppliedError } from 'nestjs-redis-replication';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { rolesOf } from '../support/group-roles.js';
import { openReplication } from '../support/open-replication.js';
import { promote, whenInSync } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { startLoad } from '../support/steady-load.js';
import { until } from '../../lib/testing/servers/until.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

beforeEach(() => restoreGroup(group));

afterAll(() => group.stop());

test('a BullMQ queue on the writer loses no job when the master is killed', async () => {
  const { writer, whenMaster } = await openReplication(group.endpoints, {
    redis: { maxRetriesPerRequest: null },
  });
  const { master, heir, other } = rolesOf(group);
  const queue = new Queue('jobs', { connection: writer });
  const errors: unknown[] = [];
  queue.on('error', (error) => errors.push(error));
  const numbers = Array.from({ length: 200 }, (_, index) => index);
  await queue.addBulk(numbers.map((number) => ({ name: 'job', data: { number } })));
  // Jobs that no replica has are lost with the master, whoever writes them.
  await whenInSync(master, [heir, other]);
  const done = new Set<number>();
  const worker = new Worker<{ number: number }>(
    'jobs',
    async ({ data }) => {
      done.add(data.number);
    },
    { connection: writer, concurrency: 4, lockDuration: 1000, stalledInterval: 500, autorun: false },
  );
  worker.on('error', (error) => errors.push(error));
  onTestFinished(async () => {
    await worker.close();
    await queue.close();
  });
  const running = worker.run();
  await until('some jobs are done', () => done.size >= 20);
  await master.kill();
  await promote(heir);
  await whenMaster(heir);
  await until('all jobs are done', () => done.size === numbers.length, {
    timeoutMs: 15_000,
    state: () => done.size,
  });
  await until(
    'none is left',
    async () => (await queue.getJobCounts('wait', 'active', 'delayed')).active === 0,
  );
  await queue.add('job', { number: 200 });
  await until('a new job is done as well', () => done.has(200));
  await worker.close();
  await running;
  // Commands under way may be lost with their connection; none was given up while it waited.
  expect(errors.filter((error) => error instanceof NotAppliedError)).toEqual([]);
});

test('two groups side by side do not disturb one another', async () => {
  const second = await startGroup({ replicas: 1 });
  onTestFinished(() => second.stop());
  const calm = await openReplication(second.endpoints);
  const busy = await openReplication(group.endpoints);
  const load = startLoad(calm.writer);
  onTestFinished(async () => void (await load.stop()));
  const { master, heir } = rolesOf(group);
  await load.whenAcknowledged(50);
  await master.kill();
  await promote(heir);
  await busy.whenMaster(heir);
  expect(await busy.writer.set('key', 'value')).toBe('OK');
  await load.whenAcknowledged(50);
  const { increments, pushes, failures } = await load.stop();
  expect([increments.unknown, pushes.unknown, failures]).toEqual([[], [], []]);
  expect(calm.replication.latest).toMatchObject({ kind: 'steady', generation: 1 });
  expect(calm.writer.status).toBe('ready');
  expect(await second.master.command('EXISTS', 'key')).toBe(0);
});
