import { NotAppliedError, type Topology } from 'nestjs-redis-replication';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openReplication } from '../support/open-replication.js';
import { follow, promote } from '../../lib/testing/servers/replication.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { startProxy, type TcpProxy } from '../../lib/testing/network/tcp-proxy.js';
import { until } from '../../lib/testing/servers/until.js';

let group: ServerGroup;
let proxies: readonly [TcpProxy, TcpProxy, TcpProxy];

beforeEach(async () => {
  group = await startGroup();
  const [a, b, c] = group.nodes.map(({ port }) => startProxy(port));
  if (a === undefined || b === undefined || c === undefined) throw new Error('A group has three nodes');
  proxies = await Promise.all([a, b, c]);
});

afterEach(async () => {
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  await group.stop();
});

/** The app reaches each node through a proxy; what it cannot reach, the nodes still can. */
async function open(requireMajority = true) {
  const endpoints = proxies.map(({ endpoint }) => endpoint);
  return openReplication(endpoints, { requireMajority, hold: { timeoutMs: 20_000 } });
}

const reachable = ({ nodes }: Topology) => nodes.filter((node) => node.reachable).length;

test('cut off together with the old master, the writer stops, says why, and goes on when the majority is back', async () => {
  const { writer, whenTopology, whenMaster, notes } = await open();
  const [, b, c] = group.nodes;
  if (b === undefined || c === undefined) throw new Error('A group has three nodes');
  expect(await writer.set('key', 'before')).toBe('OK');
  const connectionBefore = writer.stream;
  proxies[1].partition('both');
  proxies[2].partition('both');
  await whenTopology((topology) => reachable(topology) === 1);
  const held = writer.set('key', 'during');
  expect(notes.filter((note) => note.startsWith('writes are held: only 1 of 3 nodes'))).toHaveLength(1);
  // Meanwhile the majority has chosen another master, and the old one still takes writes.
  await promote(b);
  await follow(c, b);
  expect(await group.master.command('ROLE')).toContain('master');
  expect(await group.master.command('GET', 'key')).toBe('before');
  expect(writer.stream).toBe(connectionBefore);
  proxies[1].heal();
  proxies[2].heal();
  await whenMaster(proxies[1]);
  expect(await held).toBe('OK');
  expect(await b.command('GET', 'key')).toBe('during');
  expect(await group.master.command('GET', 'key')).toBe('before');
});

test('without a promotion it goes on where it stopped, on the same connection', async () => {
  const { writer, whenTopology, notes } = await open();
  const connection = writer.stream;
  proxies[1].partition('both');
  proxies[2].partition('both');
  await whenTopology((topology) => reachable(topology) === 1);
  const held = [writer.incr('counter'), writer.multi().incr('counter').incr('counter').exec()];
  proxies[2].heal();
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
  const endpoints = proxies.map(({ endpoint }) => endpoint);
  const { writer, whenTopology } = await openReplication(endpoints, {
    requireMajority: true,
    hold: { timeoutMs: 50 },
  });
  proxies[1].partition('both');
  proxies[2].partition('both');
  await whenTopology((topology) => reachable(topology) === 1);
  const failure: unknown = await writer.incr('counter').catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(NotAppliedError);
  expect(failure).toHaveProperty(
    'reason',
    expect.stringMatching(/^held for 50 ms; only 1 of 3 nodes can be reached/),
  );
  proxies[1].heal();
  await whenTopology((topology) => reachable(topology) === 2);
  expect(await writer.incr('later')).toBe(1);
  expect(await group.master.command('EXISTS', 'counter')).toBe(0);
});

test('nobody asks for a majority by default', async () => {
  const { writer, whenTopology } = await open(false);
  proxies[1].partition('both');
  proxies[2].partition('both');
  await whenTopology((topology) => reachable(topology) === 1);
  expect(await writer.incr('counter')).toBe(1);
});

test('the writer stops at the latest 1.1 polls and one late answer after the cut', async () => {
  const [pollIntervalMs, replyTimeoutMs] = [200, 300];
  const endpoints = proxies.map(({ endpoint }) => endpoint);
  const { writer } = await openReplication(endpoints, {
    requireMajority: true,
    pollIntervalMs,
    replyTimeoutMs,
    hold: { maxCommands: 0 },
  });
  const cutAt = performance.now();
  proxies[1].partition('both');
  proxies[2].partition('both');
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
