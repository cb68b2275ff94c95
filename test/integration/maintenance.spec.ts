import { expect, onTestFinished, test } from 'vitest';
import { fakeId } from '../support/fake-node-state.js';
import { startFakeNode, type FakeNode, type FakeNodeOptions } from '../support/fake-node.js';
import type { FakeConnection } from '../support/fake-redis.js';
import { openReplication } from '../support/open-replication.js';
import { bulk, integer, nil, push, simple } from '../support/resp.js';
import { until } from '../../lib/testing/servers/until.js';

/*
 * Notices of maintenance, as Redis Cloud and Redis Software push them. No other server has them.
 */

const moving = push(simple('MOVING'), integer(1), integer(15), bulk('192.0.2.1:6379'));
const failingOver = push(simple('FAILING_OVER'), integer(2), integer(5), bulk('1'));
const failedOver = push(simple('FAILED_OVER'), integer(3), bulk('1'));

/** A node, and those of its connections that have asked for notices. */
async function startNode(options: FakeNodeOptions = {}) {
  const listeners: FakeConnection[] = [];
  const node = await startFakeNode({
    ...options,
    onCommand(argv, connection) {
      if (argv[1] === 'MAINT_NOTIFICATIONS') listeners.push(connection);
      return options.onCommand?.(argv, connection);
    },
  });
  onTestFinished(() => node.stop());
  return { node, listeners };
}

async function startPair(onCommand?: NonNullable<FakeNodeOptions['onCommand']>) {
  const rest = { offset: 10, ...(onCommand && { onCommand }) };
  const a = await startNode({ ...rest, runId: fakeId('a') });
  const b = await startNode({ ...rest, runId: fakeId('b'), role: 'replica', master: a.node.endpoint });
  const endpoints = [a.node.endpoint, b.node.endpoint];
  // Nothing but signals has a node probed once it is calm.
  const opened = await openReplication(endpoints, { pollIntervalMs: 3_600_000 });
  await until('both are asked for notices', () => a.listeners.length > 0 && b.listeners.length > 0);
  // Such as `INFO replication`, in contrast to the `INFO clients` that counts the fleet.
  const probes = ({ commands }: FakeNode) =>
    commands.filter(([name, section]) => name === 'INFO' && section === 'replication').length;
  return { a: a.node, b: b.node, listeners: [...a.listeners, ...b.listeners], probes, ...opened };
}

test('a notice has a failover found that nothing else tells of', async () => {
  const { a, b, listeners, probes, writer, replication, whenMaster } = await startPair();
  expect(await writer.set('key', 'before')).toBe('OK');
  const before = [probes(a), probes(b)];
  listeners.forEach((each) => each.send(failingOver));
  await until('both are probed', () => probes(a) > Number(before[0]) && probes(b) > Number(before[1]));
  // Without closing a connection, or ending a blocking read.
  b.become('master');
  a.update({ role: 'replica', master: b.endpoint, replid: b.state.replid });
  listeners.forEach((each) => each.send(failedOver));
  await whenMaster(b);
  expect(await writer.set('key', 'after')).toBe('OK');
  expect(b.data.get('key')).toBe('after');
  expect(replication.latest.lastFailover).toMatchObject({ proof: 'history' });
});

test('a notice moves nothing: neither its word nor the address in it is believed', async () => {
  const { a, listeners, probes, writer, notes, replication } = await startPair();
  const before = probes(a);
  listeners.forEach((each) => each.send(moving));
  await until('the node is probed', () => probes(a) > before);
  expect(await writer.set('key', 'value')).toBe('OK');
  expect(a.data.get('key')).toBe('value');
  expect(replication.latest).toMatchObject({ kind: 'steady', master: a.endpoint, generation: 1 });
  expect(replication.latest.nodes).toHaveLength(2);
  expect(notes.filter((note) => /maint/i.test(note))).toEqual([]);
});

test('writer and reader neither ask for notices nor are disturbed by one', async () => {
  const { a, writer, reader } = await startPair(([name], connection) => {
    // On RESP2 there are no pushes.
    if (name === 'get' && connection.protocol === 3) {
      [moving, failingOver, failedOver, push(simple('MOVING'), integer(4), integer(0), nil)].forEach((each) =>
        connection.send(each),
      );
    }
    return undefined;
  });
  await writer.set('key', 'value');
  const replies = await Promise.all([
    writer.get('key'),
    writer.incr('count'),
    writer.get('none'),
    writer.incr('count'),
    reader.ping(),
  ]);
  expect(replies).toEqual(['value', 1, null, 2, 'PONG']);
  expect(writer.status).toBe('ready');
  const asked = a.commands.filter((argv) => argv[1] === 'MAINT_NOTIFICATIONS');
  expect(asked).toHaveLength(1);
  expect(writer.options).toMatchObject({ maintNotifications: 'disabled' });
  expect(reader.options).toMatchObject({ maintNotifications: 'disabled' });
});
