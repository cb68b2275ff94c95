import { setImmediate as nextTurn } from 'node:timers/promises';
import { UnknownOutcomeError } from 'nestjs-redis-replication';
import { expect, onTestFinished, test } from 'vitest';
import { startFakeNode, type FakeNode, type FakeNodeOptions } from '../support/fake-node.js';
import { findFreePort } from '../../lib/testing/servers/free-port.js';
import { createReplication, openReplication } from '../support/open-replication.js';
import { startRedisServer } from '../../lib/testing/servers/redis-server.js';
import { until } from '../../lib/testing/servers/until.js';
import { emitted } from '../support/emitted.js';

async function fakeNode(options?: FakeNodeOptions): Promise<FakeNode> {
  const node = await startFakeNode(options);
  onTestFinished(() => node.stop());
  return node;
}

/** Timers and sockets of this process, as Node counts them. */
function countResources(): number {
  return process.getActiveResourcesInfo().filter((name) => /^(Timeout|TCPSocketWrap|TLSWrap)$/.test(name))
    .length;
}

test('nothing is opened before the module starts or a connection is used', async () => {
  const node = await fakeNode();
  const before = countResources();
  const { writer, reader, replication } = createReplication([node.endpoint]);
  await nextTurn();
  expect([writer.status, reader.status, node.connections]).toEqual(['wait', 'wait', 0]);
  expect(countResources()).toBe(before);
  await replication.onApplicationShutdown();
  expect(node.commands).toEqual([]);
});

test('closing leaves no socket and no timer', async () => {
  const server = await startRedisServer();
  onTestFinished(() => server.stop());
  await server.command('PING');
  let before = 0;
  // Counted where it is compared, because waiting takes a timer of its own.
  await until('it is counted', () => (before = countResources()) > 0);
  const { writer, reader, replication } = await openReplication([
    server.endpoint,
    `127.0.0.1:${await findFreePort()}`,
  ]);
  await Promise.all([writer.set('key', 'value'), reader.get('key')]);
  const duplicate = writer.duplicate();
  await emitted(duplicate, 'ready');
  await replication.onApplicationShutdown();
  await until('the server has one client, this test', async () => {
    const clients = String(await server.command('CLIENT', 'LIST'))
      .trim()
      .split('\n');
    return clients.length === 1;
  });
  expect(duplicate.status).toBe('end');
  await until('no timer or socket is left', () => countResources() <= before, {
    state: () => process.getActiveResourcesInfo(),
  });
});

test('closing while a master hangs is bounded, and the fate of what was sent is told', async () => {
  const node = await fakeNode();
  const { writer, replication } = await openReplication([node.endpoint], { shutdownTimeoutMs: 100 });
  node.hang();
  const failure = writer.incr('counter').catch((reason: unknown) => reason);
  const startedAt = performance.now();
  await replication.onApplicationShutdown();
  // Without the option it would be two seconds, and without any limit for ever.
  expect(performance.now() - startedAt).toBeLessThan(1900);
  expect(await failure).toBeInstanceOf(UnknownOutcomeError);
  await until('no socket is left', () => node.connections === 0);
});

test('closing between two attempts to connect rejects what waits, and everything afterwards', async () => {
  const handshakes: { end: 'ready' | 'drop' } = { end: 'ready' };
  const node = await fakeNode({
    // Observers do not send it.
    onCommand: ([name, word]) =>
      handshakes.end === 'drop' && `${name} ${word}`.toUpperCase() === 'CLIENT SETINFO' ? 'drop' : undefined,
  });
  const { writer, replication } = await openReplication([node.endpoint]);
  handshakes.end = 'drop';
  node.dropConnections();
  await emitted(writer, 'close');
  // The first attempts follow one another at once.
  await until('it is between two attempts', () => writer.status === 'reconnecting');
  const held = writer.set('key', 'value').catch((reason: unknown) => String(reason));
  await replication.onApplicationShutdown();
  expect(await held).toBe('NotAppliedError: Connection is closed.');
  expect(writer.status).toBe('end');
  await expect(writer.get('key')).rejects.toThrow('Connection is closed.');
  await until('no socket is left', () => node.connections === 0);
});

test('closing twice, and without ever having started, does not throw', async () => {
  const node = await fakeNode();
  const { replication } = createReplication([node.endpoint]);
  await replication.onApplicationShutdown();
  await replication.onApplicationShutdown();
});

test('a duplicate that was never used does not open a connection after the end', async () => {
  const node = await fakeNode();
  const { writer, replication } = await openReplication([node.endpoint]);
  const duplicate = writer.duplicate({ lazyConnect: true });
  await replication.onApplicationShutdown();
  await expect(duplicate.get('key')).rejects.toThrow('Connection is closed.');
  expect(duplicate.status).toBe('end');
  await until('no socket is left', () => node.connections === 0);
});
