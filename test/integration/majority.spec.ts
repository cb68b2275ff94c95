import { NotAppliedError, type Topology } from 'nestjs-redis-replication';
import { startRedisGroup, type EndFault, type RedisGroup } from 'nestjs-redis-replication/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rolesOf } from '../support/group-roles.js';
import { openReplication } from '../support/open-replication.js';
import { follow, promote } from '../../lib/testing/servers/replication.js';
import { until } from '../../lib/testing/servers/until.js';

let group: RedisGroup;

beforeEach(async () => {
  group = await startRedisGroup({ replicas: 2 });
});

afterEach(() => group.stop());

async function open(requireMajority = true) {
  return openReplication(group.endpoints, { requireMajority, hold: { timeoutMs: 20_000 } });
}

/** The app cannot reach the replicas any more; what it cannot reach, the nodes still can. Returns how to end each. */
async function cutReplicasOff(): Promise<readonly [EndFault, EndFault]> {
  const { heir, other } = rolesOf(group);
  return [await group.partition(heir, { from: 'app' }), await group.partition(other, { from: 'app' })];
}

const reachable = ({ nodes }: Topology) => nodes.filter((node) => node.reachable).length;

test('cut off together with the old master, the writer stops, says why, and goes on when the majority is back', async () => {
  const { writer, whenTopology, whenMaster, notes } = await open();
  const { heir, other } = rolesOf(group);
  expect(await writer.set('key', 'before')).toBe('OK');
  const connectionBefore = writer.stream;
  const [healHeir, healOther] = await cutReplicasOff();
  await whenTopology((topology) => reachable(topology) === 1);
  const held = writer.set('key', 'during');
  expect(notes.filter((note) => note.startsWith('writes are held: only 1 of 3 nodes'))).toHaveLength(1);
  // Meanwhile the majority has chosen another master, and the old one still takes writes.
  await promote(heir);
  await follow(other, heir);
  expect(await group.master.command('ROLE')).toContain('master');
  expect(await group.master.command('GET', 'key')).toBe('before');
  expect(writer.stream).toBe(connectionBefore);
  // Its choice is known first: the other can reach the heir no sooner than the app.
  await healHeir();
  await whenMaster(heir);
  await healOther();
  expect(await held).toBe('OK');
  expect(await heir.command('GET', 'key')).toBe('during');
  expect(await group.master.command('GET', 'key')).toBe('before');
});

test('without a promotion it goes on where it stopped, on the same connection', async () => {
  const { writer, whenTopology, notes } = await open();
  const connection = writer.stream;
  const [, healOther] = await cutReplicasOff();
  await whenTopology((topology) => reachable(topology) === 1);
  const held = [writer.incr('counter'), writer.multi().incr('counter').incr('counter').exec()];
  await healOther();
  expect(await Promise.all(held)).toEqual([
    1,
    [
      [null, 2],
      [null, 3],
    ],
  ]);
  expect(writer.stream).toBe(connection);
  expect(notes).toContain('the majority of the nodes is back: writes resume');
});

test('what waits too long for a majority is rejected with the reason, and never executed', async () => {
  const { writer, whenTopology } = await openReplication(group.endpoints, {
    requireMajority: true,
    hold: { timeoutMs: 50 },
  });
  const [healHeir] = await cutReplicasOff();
  await whenTopology((topology) => reachable(topology) === 1);
  const failure: unknown = await writer.incr('counter').catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(NotAppliedError);
  expect(failure).toHaveProperty(
    'reason',
    expect.stringMatching(/^held for 50 ms; only 1 of 3 nodes can be reached/),
  );
  await healHeir();
  await whenTopology((topology) => reachable(topology) === 2);
  expect(await writer.incr('later')).toBe(1);
  expect(await group.master.command('EXISTS', 'counter')).toBe(0);
});

test('nobody asks for a majority by default', async () => {
  const { writer, whenTopology } = await open(false);
  await cutReplicasOff();
  await whenTopology((topology) => reachable(topology) === 1);
  expect(await writer.incr('counter')).toBe(1);
});

test('the writer stops at the latest 1.1 polls and one late answer after the cut', async () => {
  const [pollIntervalMs, replyTimeoutMs] = [200, 300];
  const { writer } = await openReplication(group.endpoints, {
    requireMajority: true,
    pollIntervalMs,
    replyTimeoutMs,
    hold: { maxCommands: 0 },
  });
  const cutAt = performance.now();
  await cutReplicasOff();
  let lastWriteAt = cutAt;
  await until('writes are refused', async () => {
    const isWritten = await writer.incr('counter').then(
      () => true,
      () => false,
    );
    lastWriteAt = isWritten ? performance.now() : lastWriteAt;
    return !isWritten;
  });
  // The margin is for the machine; without the bound nothing would stop at all.
  expect(lastWriteAt - cutAt).toBeLessThan(1.1 * pollIntervalMs + replyTimeoutMs + 1000);
});
