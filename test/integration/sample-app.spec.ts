import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { rolesOf } from '../support/group-roles.js';
import { aNumber, containing } from '../support/matchers.js';
import { follow, plannedSwap, promote, whenInSync } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startSampleApp, type SampleApp } from '../support/sample-app.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { until } from '../../lib/testing/servers/until.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

afterAll(() => group.stop());

beforeEach(() => restoreGroup(group));

async function start(environment: Record<string, string> = {}): Promise<SampleApp> {
  const app = await startSampleApp({ REDIS_NODES: group.endpoints.join(','), ...environment });
  await whenHealth(app, 200);
  return app;
}

async function whenHealth(app: SampleApp, status: number): Promise<void> {
  await until(`/health answers ${status}`, async () => (await app.get('/health')).status === status);
}

async function whenRead(app: SampleApp, path: string, text: string): Promise<void> {
  await until(`${path} is "${text}"`, async () => {
    const { body } = await app.get(path);
    return JSON.stringify(body).includes(`"text":"${text}"`);
  });
}

test('a note that was put is read back, from a replica', async () => {
  const app = await start();
  const { status, headers, body } = await app.put('/notes/first', { text: 'hello' });
  expect({ status, body, attempts: headers.get('x-write-attempts') }).toEqual({
    status: 200,
    body: { id: 'first', text: 'hello' },
    attempts: '1',
  });
  await whenInSync(group.master, group.replicas);
  expect(await app.get('/notes/first')).toMatchObject({ status: 200, body: { id: 'first', text: 'hello' } });
  expect(await group.master.command('GET', 'note:first')).toBe('hello');
});

test('a note that nobody put is not found', async () => {
  const app = await start();
  expect(await app.get('/notes/none')).toMatchObject({
    status: 404,
    body: { message: 'there is no note none' },
  });
});

test.each([
  ['/notes/first', {}, 'text: '],
  ['/notes/first', { text: 5 }, 'text: '],
  ['/notes/first', [], 'text: '],
  ['/notes/first', { text: 'x'.repeat(10_001) }, 'text: '],
  ['/notes/first', '{"text":', 'JSON'],
  ['/notes/with%20space', { text: 'hello' }, 'id: '],
  [`/notes/${'x'.repeat(101)}`, { text: 'hello' }, 'id: '],
])('PUT %s with %j is a bad request', async (path, body, reason) => {
  const app = await start();
  expect(await app.put(path, body)).toMatchObject({ status: 400, body: { message: containing(reason) } });
  expect(await group.master.command('DBSIZE')).toBe(0);
});

test('no write fails in a planned swap, and the history tells of it', async () => {
  const app = await start();
  const { master, heir } = rolesOf(group);
  const swap = { isOver: false };
  const swapped = plannedSwap(group.nodes, heir)
    .then(() => app.whenMaster(heir.endpoint))
    .finally(() => (swap.isOver = true));
  for (let count = 0; !swap.isOver || count < 10; count += 1) {
    const { status, headers } = await app.put('/notes/swap', { text: String(count) });
    expect({ status, attempts: headers.get('x-write-attempts') }).toEqual({ status: 200, attempts: '1' });
  }
  await swapped;
  await app.put('/notes/swap', { text: 'after' });
  expect(await heir.command('GET', 'note:swap')).toBe('after');
  await whenRead(app, '/notes/swap', 'after');
  const { generation, history } = await app.topology();
  expect(generation).toBe(2);
  expect(history).toEqual([
    {
      generation: 2,
      from: master.endpoint,
      to: heir.endpoint,
      at: aNumber,
      tookMs: aNumber,
      cause: containing(''),
      promotedWithinMs: aNumber,
      proof: 'history',
    },
  ]);
});

test('a write waits while there is no master and is done after the promotion; health tells of both', async () => {
  const app = await start();
  const { master, heir, other } = rolesOf(group);
  expect(await app.get('/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
  await master.kill();
  await whenHealth(app, 503);
  expect(await app.get('/health')).toMatchObject({
    body: { status: 'error', error: { redis: { status: 'down', reason: 'NO_MASTER', master: null } } },
  });
  expect(await app.get('/health/live')).toMatchObject({ status: 200, body: { status: 'ok' } });

  let answeredAt = 0;
  const held = app.put('/notes/held', { text: 'waited' }).finally(() => (answeredAt = performance.now()));
  expect(await app.topology()).toMatchObject({ kind: 'masterless', history: [] });
  expect(answeredAt).toBe(0);
  const promotedAt = performance.now();
  await Promise.all([promote(heir), follow(other, heir)]);
  expect(await held).toMatchObject({ status: 200, body: { id: 'held', text: 'waited' } });
  expect(answeredAt).toBeGreaterThan(promotedAt);
  expect(await heir.command('GET', 'note:held')).toBe('waited');
  await whenHealth(app, 200);
  expect((await app.topology()).history).toMatchObject([{ from: master.endpoint, to: heir.endpoint }]);
});

test('a write whose reply a hung master keeps is issued again to the next one', async () => {
  const app = await start();
  const { master, heir, other } = rolesOf(group);
  await app.put('/notes/lost', { text: 'once' });
  master.hang();
  const lost = app.put('/notes/lost', { text: 'twice' });
  await whenHealth(app, 503);
  await Promise.all([promote(heir), follow(other, heir)]);
  const { status, headers } = await lost;
  expect({ status, attempts: headers.get('x-write-attempts') }).toEqual({ status: 200, attempts: '2' });
  expect(await heir.command('GET', 'note:lost')).toBe('twice');
});

test('a write that waited in vain is a 503 that says so, and the app goes on', async () => {
  const app = await start({ REDIS_HOLD_TIMEOUT_MS: '50' });
  const { master, heir } = rolesOf(group);
  await master.kill();
  await whenHealth(app, 503);
  const { status, headers, body } = await app.put('/notes/vain', { text: 'never' });
  expect(status).toBe(503);
  expect(headers.get('retry-after')).toBe('1');
  expect(body).toEqual({ statusCode: 503, code: 'NOT_APPLIED', reason: containing('50 ms'), generation: 1 });
  await promote(heir);
  await app.whenMaster(heir.endpoint);
  expect(await heir.command('EXISTS', 'note:vain')).toBe(0);
  expect(await app.put('/notes/vain', { text: 'now' })).toMatchObject({ status: 200 });
});

test('a connection that a browser opened in advance does not delay the shutdown', async () => {
  const app = await startSampleApp({ REDIS_NODES: group.endpoints.join(',') });
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  await once(socket, 'connect');
  // Once this is answered, the server has accepted the connection that came before.
  expect((await app.get('/health/live')).status).toBe(200);
  const closed = once(socket.resume(), 'close');
  await app.close();
  await closed;
  expect(socket.destroyed).toBe(true);
});

test('the app starts while no node is there, and serves as soon as there is a master', async () => {
  await Promise.all(group.nodes.map((node) => node.kill()));
  const app = await startSampleApp({ REDIS_NODES: group.endpoints.join(',') });
  expect(await app.get('/health')).toMatchObject({ status: 503 });
  expect(await app.get('/health/live')).toMatchObject({ status: 200 });
  const held = app.put('/notes/early', { text: 'patient' });
  await group.master.restart();
  expect(await held).toMatchObject({ status: 200 });
});

test('nothing is logged for a health check that fails', async () => {
  const app = await start();
  await group.master.kill();
  await whenHealth(app, 503);
  expect(app.logs.lines.filter(({ context }) => context.includes('Health'))).toEqual([]);
});

test('its metrics can be scraped, and tell of a failover', async () => {
  const app = await start();
  const { master, heir } = rolesOf(group);
  const scrape = async () => (await fetch(`${app.url}/metrics`)).text();
  expect(await scrape()).toMatch(/^redis_replication_topology_generation\{.*\} 1( \d+)?$/m);
  await master.kill();
  await promote(heir);
  await app.whenMaster(heir.endpoint);
  expect(await scrape()).toMatch(/^redis_replication_topology_generation\{.*\} 2( \d+)?$/m);
  expect(await scrape()).toMatch(/^redis_replication_failovers_total\{.*\} 1( \d+)?$/m);
});
