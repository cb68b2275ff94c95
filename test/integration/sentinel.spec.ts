import { startRedisGroup, type RedisGroup } from 'nestjs-redis-replication/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openReplication } from '../support/open-replication.js';
import { readLoad, startLoad } from '../support/steady-load.js';
import { masterOf } from '../../lib/topology/topology.js';

let group: RedisGroup;

beforeAll(async () => {
  group = await startRedisGroup({ replicas: 2, sentinels: 3 });
});

afterAll(() => group?.stop());

test('a failover by Sentinels is followed without knowing them, and the old master gets no write more', async () => {
  const { writer, whenTopology } = await openReplication(group.endpoints);
  const load = startLoad(writer);
  onTestFinished(async () => void (await load.stop()));
  await load.whenAcknowledged(100);
  const { master } = group;
  const failover = group.failOver('sentinel');
  const topology = await whenTopology((next) => masterOf(next) !== master.endpoint && next.kind === 'steady');
  const promoted = group.nodes.find(({ endpoint }) => endpoint === masterOf(topology));
  if (promoted === undefined) throw new Error('The new master is none of the group');
  const { issued } = load;
  await load.whenAcknowledged(100);
  // It goes on saying master for seconds, until Sentinel makes it a replica.
  const stale = await readLoad(master);
  await load.whenAcknowledged(200);
  const result = await load.stop();
  const { counter, numbers } = await readLoad(promoted);
  expect(result.failures).toEqual([]);
  expect(counter).toBeLessThanOrEqual(
    result.increments.acknowledged.length + result.increments.unknown.length,
  );
  expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
  const present = new Set(numbers);
  expect(result.pushes.acknowledged.filter((number) => number > issued && !present.has(number))).toEqual([]);
  expect(stale.numbers.filter((number) => number > issued)).toEqual([]);
  expect((await failover).to).toBe(promoted);
  expect(masterOf(await whenTopology(({ kind }) => kind === 'steady'))).toBe(promoted.endpoint);
});
