import { primaryEndpoint } from 'nestjs-redis-replication';
import { expect, onTestFinished, test } from 'vitest';
import { masterOf } from '../../lib/topology/topology.js';
import { findFreePort } from '../../lib/testing/servers/free-port.js';
import { openReplication, type OpenReplication } from '../support/open-replication.js';
import { startRedisServer, type RedisServer } from '../../lib/testing/servers/redis-server.js';
import { follow, promote, whenInSync } from '../../lib/testing/servers/replication.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import { needsServer } from '../support/server-under-test.js';
import { startProxy } from '../../lib/testing/network/tcp-proxy.js';

/** Short, so that a test does not wait for half a minute, and long enough to see that nothing is accepted before. */
const ACCEPT_AFTER_MS = 1500;
const options = { replyTimeoutMs: 250, unproven: { acceptAfterMs: ACCEPT_AFTER_MS } };

async function start(replicas: number) {
  const group = await startGroup({ replicas });
  onTestFinished(() => group.stop());
  const [a, b, ...others] = group.nodes;
  if (a === undefined || b === undefined) throw new Error('A group has at least two nodes');
  return { a, b, others, endpoints: group.endpoints };
}

/** A freezes, B is promoted and accepted, B dies for good. */
async function loseTheHeir(a: RedisServer, b: RedisServer, { whenMaster }: OpenReplication): Promise<void> {
  a.hang();
  await promote(b);
  await whenMaster(b);
  await b.kill();
}

test('a: of two nodes the old master takes writes again once nobody has disputed it for the time, and is called unproven', async () => {
  const { a, b, endpoints } = await start(1);
  const app = await openReplication(endpoints, options);
  await app.writer.set('key', 'before');
  await loseTheHeir(a, b, app);
  const thawedAt = performance.now();
  a.resume();
  expect(await app.writer.set('key', 'after')).toBe('OK');
  expect(performance.now() - thawedAt).toBeGreaterThanOrEqual(ACCEPT_AFTER_MS);
  expect(app.replication.latest).toMatchObject({
    kind: 'steady',
    master: a.endpoint,
    lastFailover: { from: b.endpoint, to: a.endpoint, proof: 'unproven' },
    unproven: { before: b.endpoint },
  });
  expect(app.notes.join('\n')).toContain(
    `unproven master: ${a.endpoint} was accepted because no reachable node disputes it; writes that ${b.endpoint} acknowledged may be missing`,
  );
});

test('a: of three nodes the old master takes writes again when the remaining replica follows it, without waiting for the time', async () => {
  const { a, b, others, endpoints } = await start(2);
  const [c] = others;
  const app = await openReplication(endpoints, { ...options, unproven: { acceptAfterMs: false } });
  await loseTheHeir(a, b, app);
  a.resume();
  await (c && follow(c, a));
  expect(await app.writer.set('key', 'after')).toBe('OK');
  expect(app.replication.latest.lastFailover).toMatchObject({ to: a.endpoint, proof: 'replicas' });
  expect(app.replication.latest).not.toHaveProperty('unproven');
});

test('a: an heir that comes back after all wins by its history, and the loss of what was written meanwhile is reported', async (context) => {
  needsServer(context, ['Redis 7.0', 'masters that restart with their history']);
  const { a, b, endpoints } = await start(1);
  const app = await openReplication(endpoints, options);
  await loseTheHeir(a, b, app);
  a.resume();
  for (let count = 0; count < 20; count++) await app.writer.set(`key:${count}`, 'x'.repeat(100));
  await b.restart(['--replicaof', 'no', 'one']);
  const { lastDataLoss, lastFailover } = await app.whenTopology(
    ({ kind, lastDataLoss: loss, ...topology }) =>
      kind === 'steady' &&
      'master' in topology &&
      topology.master === b.endpoint &&
      // It grows until the superseded master has been probed.
      (loss?.bytes ?? 0) > 2000,
  );
  expect(lastFailover).toMatchObject({ from: a.endpoint, to: b.endpoint, proof: 'history' });
  expect(lastDataLoss?.kind).toBe('not replicated');
});

test('b: one address that leads to another server by now is dialled anew, although the old connections stay open', async () => {
  const { a, b } = await start(1);
  const relay = await startProxy(a.port);
  onTestFinished(() => relay.stop());
  const { writer } = await openReplication([relay.endpoint], options);
  await writer.set('key', 'before');
  relay.leadTo(b.port);
  await promote(b);
  await follow(a, b);
  expect(await writer.set('key', 'after')).toBe('OK');
  expect(await b.command('GET', 'key')).toBe('after');
});

test('c: a new group behind the primary name is accepted at once, because the name leads there and to the old one no more', async () => {
  const [oldHost, newHost] = ['127.0.0.1', '127.0.0.2'] as const;
  const port = await findFreePort([oldHost, newHost]);
  const old = await startRedisServer({ host: oldHost, port });
  onTestFinished(() => old.stop());
  const dns = { primary: oldHost as string };
  const source = primaryEndpoint(`primary.example:${port}`, {
    resolveIntervalMs: 100,
    lookup: async () => Promise.resolve([dns.primary]),
  });
  const { writer, replication } = await openReplication(source, {
    ...options,
    unproven: { acceptAfterMs: false },
  });
  await writer.set('key', 'old group');
  const restored = await startRedisServer({ host: newHost, port });
  onTestFinished(() => restored.stop());
  dns.primary = newHost;
  await old.kill();
  expect(await writer.set('key', 'new group')).toBe('OK');
  expect(await restored.command('GET', 'key')).toBe('new group');
  expect(replication.latest.lastFailover).toMatchObject({ to: restored.endpoint, proof: 'authority' });
});

test('d: a fresh server at the address of the old master, as the sole survivor, is accepted after the time', async () => {
  const { a, b, endpoints } = await start(1);
  const app = await openReplication(endpoints, options);
  await a.kill();
  await promote(b);
  await app.whenMaster(b);
  await b.kill();
  await a.restart(['--dbfilename', 'none.rdb']);
  expect(await app.writer.set('key', 'after')).toBe('OK');
  expect(app.replication.latest).toMatchObject({ master: a.endpoint, lastFailover: { proof: 'unproven' } });
});

test('e: a master that a replica has shown to be superseded gets no writes back because that replica falls silent', async () => {
  const { a, b, others } = await start(2);
  const [c] = others;
  if (c === undefined) throw new Error('A third node is needed');
  const witness = await startProxy(c.port);
  onTestFinished(() => witness.stop());
  // B is out of the app's sight.
  const app = await openReplication([a.endpoint, witness.endpoint], {
    ...options,
    unproven: { acceptAfterMs: false },
  });
  await app.writer.set('key', 'before');
  // If C were ahead of B, it would get a full copy and no longer know the history of A.
  await whenInSync(a, [b, c]);
  await promote(b);
  await follow(c, b);
  await app.whenTopology((topology) => masterOf(topology) === undefined);
  const held = app.writer.set('key', 'after');
  witness.partition('both');
  await app.whenTopology(({ nodes }) =>
    nodes.some((node) => node.endpoint === witness.endpoint && node.kind === 'unusable'),
  );
  // More than enough probes of A, each of which would have sent the write there.
  await app.whenTopology(({ nodes }) =>
    nodes.some((node) => node.kind === 'stale' && (node.offset ?? 0) > 0),
  );
  expect(await a.command('GET', 'key')).toBe('before');
  witness.heal();
  await follow(c, a);
  await whenInSync(a, [c]);
  expect(await held).toBe('OK');
  expect(await a.command('GET', 'key')).toBe('after');
});
