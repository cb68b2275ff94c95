import { Redis } from 'ioredis';
import { startRedisGroup, type RedisGroup } from 'nestjs-redis-replication/testing';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { rolesOf, type GroupRoles } from '../support/group-roles.js';
import { openReplication } from '../support/open-replication.js';
import { plannedSwap } from '../../lib/testing/servers/replication.js';
import { needsServer } from '../support/server-under-test.js';
import { readLoad, startLoad, type LoadResult } from '../support/steady-load.js';

let group: RedisGroup;

beforeAll(async () => {
  group = await startRedisGroup({ replicas: 2 });
});

beforeEach(() => group.restore());

afterAll(() => group.stop());

/** A writer under load, and the nodes. */
async function openUnderLoad() {
  const opened = await openReplication(group.endpoints);
  const load = startLoad(opened.writer);
  onTestFinished(async () => void (await load.stop()));
  await load.whenAcknowledged(100);
  return { ...opened, load, ...rolesOf(group) };
}

function expectInOrder(numbers: readonly number[]): void {
  expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
}

/** Nothing twice, nothing out of order, and no error but for commands whose reply was lost. */
function expectAtMostOnce(
  { increments, pushes, failures }: LoadResult,
  { counter, numbers }: Awaited<ReturnType<typeof readLoad>>,
): void {
  expect(failures).toEqual([]);
  expect(counter).toBeLessThanOrEqual(increments.acknowledged.length + increments.unknown.length);
  expectInOrder(numbers);
  const ended = new Set([...pushes.acknowledged, ...pushes.unknown]);
  expect(numbers.filter((number) => !ended.has(number))).toEqual([]);
}

function expectNoneUnknown({ increments, pushes, failures }: LoadResult): void {
  expect({ increments: increments.unknown, pushes: pushes.unknown, failures }).toEqual({
    increments: [],
    pushes: [],
    failures: [],
  });
}

/** What was issued after this number is on the node if it was acknowledged. */
function expectAllSince(issued: number, { pushes }: LoadResult, numbers: readonly number[]): void {
  const present = new Set(numbers);
  expect(pushes.acknowledged.filter((number) => number > issued && !present.has(number))).toEqual([]);
}

test('a FAILOVER loses no write and fails none', async () => {
  const { load, heir, whenMaster } = await openUnderLoad();
  const handedOver = group.failOver('planned', { to: heir });
  await whenMaster(heir);
  await load.whenAcknowledged(300);
  const result = await load.stop();
  await handedOver;
  const left = await readLoad(heir);
  expectNoneUnknown(result);
  expectAtMostOnce(result, left);
  expect(left.counter).toBe(result.increments.acknowledged.length);
  expect(left.numbers).toEqual(result.pushes.acknowledged.toSorted((a, b) => a - b));
});

test('a planned swap fails no write', async () => {
  const { load, heir, whenMaster } = await openUnderLoad();
  await plannedSwap(group.nodes, heir);
  await whenMaster(heir);
  const { issued } = load;
  await load.whenAcknowledged(300);
  const [result, left] = [await load.stop(), await readLoad(heir)];
  expectNoneUnknown(result);
  expectAtMostOnce(result, left);
  expectAllSince(issued, result, left.numbers);
});

test('a master that is killed costs only the replies under way', async () => {
  const { load, heir, whenMaster, replication } = await openUnderLoad();
  await group.failOver('kill', { to: heir });
  await whenMaster(heir);
  const { issued } = load;
  await load.whenAcknowledged(300);
  const [result, left] = [await load.stop(), await readLoad(heir)];
  expectAtMostOnce(result, left);
  expectAllSince(issued, result, left.numbers);
  expect(result.pushes.unknown.length).toBeLessThanOrEqual(64);
  expect(replication.latest).toMatchObject({ kind: 'steady', generation: 2 });
});

test('a master that hangs and comes back later gets no write any more', async () => {
  const { load, master, heir, whenMaster, whenTopology } = await openUnderLoad();
  const duringOutage = () => whenTopology(({ kind }) => kind === 'masterless');
  await group.failOver('hang', { to: heir, duringOutage });
  await whenMaster(heir);
  const { issued } = load;
  await load.whenAcknowledged(100);
  master.resume();
  await whenTopology(({ nodes }) =>
    nodes.some(({ endpoint, kind }) => endpoint === master.endpoint && kind === 'stale'),
  );
  const stale = await readLoad(master);
  await load.whenAcknowledged(300);
  const [result, left] = [await load.stop(), await readLoad(heir)];
  expectAtMostOnce(result, left);
  expectAllSince(issued, result, left.numbers);
  expect(await readLoad(master)).toEqual(stale);
  expect(stale.numbers.filter((number) => number > issued)).toEqual([]);
});

test('a promotion that nobody announces moves the writes, though the old master takes them still', async () => {
  const { load, whenMaster } = await openUnderLoad();
  const [master, heir] = await group.twoMasters('superseded');
  await whenMaster(heir);
  await load.whenAcknowledged(100);
  const stale = await readLoad(master);
  await load.whenAcknowledged(300);
  const [result, left] = [await load.stop(), await readLoad(heir)];
  expectNoneUnknown(result);
  expectAtMostOnce(result, left);
  expect(await readLoad(master)).toEqual(stale);
  // Each write is on one of the two, and on both only if it was copied before the promotion.
  const union = [...new Set([...stale.numbers, ...left.numbers])].toSorted((a, b) => a - b);
  expect(union).toEqual(result.pushes.acknowledged.toSorted((a, b) => a - b));
  const common = left.numbers.filter((number) => stale.numbers.includes(number));
  expect(common).toEqual(left.numbers.slice(0, common.length));
});

test('a restart of the master with its data holds the writes until it is back', async () => {
  const { load, master, writer, whenTopology } = await openUnderLoad();
  await master.command('CONFIG', 'SET', 'save', '3600 1');
  await master.kill('SIGTERM');
  await whenTopology(({ kind }) => kind === 'masterless');
  await master.restart();
  await load.whenAcknowledged(300);
  const [result, left] = [await load.stop(), await readLoad(master)];
  expectAtMostOnce(result, left);
  expectAllSince(0, result, left.numbers);
  expect(writer.status).toBe('ready');
});

test('a master that comes back empty is written to, and the loss is reported', async (context) => {
  needsServer(context, ['Redis 7.0', 'INFO with several sections']);
  const { load, master, notes, replication, whenTopology } = await openUnderLoad();
  // A probe has found keys, so that it is known what is lost.
  const info = String(await master.command('INFO', 'replication'));
  const written = Number(/master_repl_offset:(\d+)/.exec(info)?.[1]);
  await whenTopology(({ nodes }) =>
    nodes.some((node) => node.kind === 'master' && node.offset !== undefined && node.offset >= written),
  );
  await master.kill();
  await whenTopology(({ kind }) => kind === 'masterless');
  const { issued } = load;
  // Another test may have left a file with data.
  await master.restart(['--dbfilename', 'none.rdb']);
  await load.whenAcknowledged(100);
  const [result, left] = [await load.stop(), await readLoad(master)];
  expectAtMostOnce(result, left);
  expectAllSince(issued, result, left.numbers);
  expect(replication.latest.lastDataLoss).toMatchObject({
    kind: 'restarted empty',
    endpoint: master.endpoint,
  });
  expect(notes.join('\n')).toContain('came back empty, and had');
});

test('the writer stays the same Redis, with its listeners, over several failovers', async () => {
  const { writer, whenMaster } = await openReplication(group.endpoints);
  let ready = 0;
  writer.on('ready', () => (ready += 1));
  const { master, heir, other }: GroupRoles = rolesOf(group);
  for (const next of [heir, other, master]) {
    await plannedSwap(group.nodes, next);
    await whenMaster(next);
    expect(await writer.set('key', next.endpoint)).toBe('OK');
    expect(await next.command('GET', 'key')).toBe(next.endpoint);
  }
  expect(writer).toBeInstanceOf(Redis);
  expect(ready).toBe(3);
});
