import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { monotonicMs } from '../../lib/clock/clock.js';
import { lyingAbout } from '../support/lies.js';
import { containing } from '../support/matchers.js';
import { openReplication } from '../support/open-replication.js';
import { promote } from '../../lib/testing/servers/replication.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { startProxy } from '../../lib/testing/network/tcp-proxy.js';
import { until } from '../../lib/testing/servers/until.js';
import { createUser } from '../support/users.js';

const CHANNEL = 'nestjs-redis-replication:probe';
/** Too long for a poll to be what tells of anything. */
const NEVER_MS = 600_000;

let group: ServerGroup;

beforeEach(async () => {
  group = await startGroup();
});

afterEach(() => group.stop());

const heir = () => group.replicas[0] ?? group.master;

async function listenersOn(node: RedisServer): Promise<number> {
  const reply = await node.command('PUBSUB', 'NUMSUB', CHANNEL);
  return Array.isArray(reply) ? Number(reply[1]) : 0;
}

const whenListening = (node: RedisServer, count: number) =>
  until(`${count} apps listen`, async () => (await listenersOn(node)) === count);

async function questionsTo(node: RedisServer): Promise<number> {
  const stats = String(await node.command('INFO', 'commandstats'));
  return Number(/cmdstat_info:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

/** Nobody has asked anything for ten times in a row: what is counted is the question of this test itself. */
async function whenCalm(node: RedisServer): Promise<void> {
  const counts: number[] = [];
  await until('nobody asks any more', async () => {
    counts.push(await questionsTo(node));
    const [first = 0, last = 0] = [counts.at(-10), counts.at(-1)];
    return counts.length >= 10 && last - first === 9;
  });
}

async function runIdOf(node: RedisServer): Promise<string> {
  return /run_id:(\w+)/.exec(String(await node.command('INFO', 'server')))?.[1] ?? '';
}

describe('apps that watch the same nodes', () => {
  test('are told of a promotion that no server pushes by the one that polls', async () => {
    const told = await openReplication(group.endpoints, { pollIntervalMs: NEVER_MS });
    await whenCalm(heir());
    const polling = await openReplication(group.endpoints, { pollIntervalMs: 50 });
    await whenListening(heir(), 2);
    await promote(heir());
    await polling.whenMaster(heir());
    expect(await told.whenMaster(heir())).toMatchObject({ lastFailover: { cause: 'announced' } });
    expect(await told.writer.set('key', 'value')).toBe('OK');
    expect(await heir().command('GET', 'key')).toBe('value');
  });

  test('all follow when the master is killed, and ask less together than each alone would', async () => {
    const count = 20;
    const apps = await Promise.all(
      Array.from({ length: count }, () => openReplication(group.endpoints, { pollIntervalMs: 500 })),
    );
    await whenListening(heir(), count);
    // By then each has counted the others again.
    await Promise.all(
      apps.map(({ replication }) =>
        until('counted', () => replication.hasAnsweredSince(heir().endpoint, monotonicMs() - 500)),
      ),
    );
    await group.master.kill();
    await Promise.all(apps.map(({ whenTopology }) => whenTopology(({ kind }) => kind === 'masterless')));
    const beganAt = performance.now();
    const before = await questionsTo(heir());
    let own = 0;
    await until('they have asked 300 times', async () => (await questionsTo(heir())) - before - ++own >= 300);
    // Each alone asks 200 times a second, so that all of them would be done within a tenth of this time.
    expect(performance.now() - beganAt).toBeGreaterThan(500);
    await promote(heir());
    await Promise.all(apps.map(({ whenMaster }) => whenMaster(heir())));
    const replies = await Promise.all(apps.map(({ writer }) => writer.incr('counter')));
    expect(replies.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  });

  test('believe no announcement: a flood of false ones changes nothing and drives nobody', async () => {
    const app = await openReplication(group.endpoints, { pollIntervalMs: NEVER_MS });
    await whenListening(group.master, 1);
    const before = await questionsTo(group.master);
    const beganAt = performance.now();
    const runId = await runIdOf(group.master);
    for (let times = 0; times < 1000; times++) {
      await group.master.command('PUBLISH', CHANNEL, `${runId} flood ${times}`);
    }
    const asked = (await questionsTo(group.master)) - before;
    // Ten announcements a second count, and each may have the node probed twice.
    expect(asked).toBeLessThan(10 + 0.02 * (performance.now() - beganAt));
    expect(app.replication.latest).toMatchObject({
      kind: 'steady',
      master: group.master.endpoint,
      generation: 1,
    });
    expect(await app.writer.set('key', 'value')).toBe('OK');
  });
});

describe('an app that has lost its master', () => {
  test.each([
    ['far more subscribers than clients', { subscribers: '400000000' }],
    ['more subscribers than there can be', { subscribers: '9007199254740992' }],
    ['fewer subscribers than none', { subscribers: '-1' }],
    ['as many subscribers as clients, both without end', { subscribers: '400000000', clients: '2147483647' }],
  ])('finds the next although every node tells of %s', async (_, lie) => {
    const proxies = await Promise.all(
      group.nodes.map(({ port }) => startProxy(port, { rewrite: lyingAbout(lie) })),
    );
    const reach = new Map(
      group.endpoints.map((endpoint, index) => [endpoint, proxies[index]?.endpoint ?? '']),
    );
    const app = await openReplication([...reach.values()]);
    await whenListening(heir(), 1);
    await group.master.kill();
    await app.whenTopology(({ kind }) => kind === 'masterless');
    await promote(heir());
    await app.whenMaster({ endpoint: reach.get(heir().endpoint) ?? '' });
    expect(await app.writer.set('key', 'value')).toBe('OK');
    expect(await heir().command('GET', 'key')).toBe('value');
    await app.replication.onApplicationShutdown();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  });

  test('finds the next in the midst of a flood of false announcements, and among 300 that listen and never probe', async () => {
    const listening = await Promise.all(Array.from({ length: 300 }, () => listenOn(heir())));
    const app = await openReplication(group.endpoints);
    await whenListening(heir(), 301);
    const runId = await runIdOf(heir());
    const flood = { isOn: true, count: 0 };
    const flooding = (async () => {
      while (flood.isOn) await heir().command('PUBLISH', CHANNEL, `${runId} flood ${flood.count++}`);
    })();
    await group.master.kill();
    await app.whenTopology(({ kind }) => kind === 'masterless');
    await until('a hundred were announced', () => flood.count > 100);
    await promote(heir());
    await app.whenMaster(heir());
    expect(await app.writer.set('key', 'value')).toBe('OK');
    flood.isOn = false;
    await flooding;
    listening.forEach((socket) => socket.destroy());
  });
});

/** A client that looks like an app. */
async function listenOn({ host, port }: RedisServer): Promise<Socket> {
  const socket = connect({ host, port });
  await once(socket, 'connect');
  socket.write(`SUBSCRIBE ${CHANNEL}\r\n`);
  return socket.on('error', () => undefined).resume();
}

test.each([
  ['the channel', ['~*', '+@all', 'resetchannels']],
  ['SUBSCRIBE', ['~*', '&*', '+@all', '-subscribe']],
  ['PUBSUB', ['~*', '&*', '+@all', '-pubsub']],
])('a user who may not use %s follows all the same, and the log says what it costs', async (_, rules) => {
  const user = { name: 'app', password: 'secret' };
  await createUser(group.nodes, { ...user, rules });
  const app = await openReplication(group.endpoints, { redis: { username: 'app', password: 'secret' } });
  await until('it is noted', () => app.notes.some((note) => note.includes('channel')));
  expect(app.notes).toContainEqual(containing(`the user may not use the channel "${CHANNEL}"`));
  await group.master.kill();
  await promote(heir());
  await app.whenMaster(heir());
  expect(await app.writer.set('key', 'value')).toBe('OK');
});
