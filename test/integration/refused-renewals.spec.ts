import type { Redis } from 'ioredis';
import type { Credentials, CredentialsProvider } from 'nestjs-redis-replication';
import { BehaviorSubject } from 'rxjs';
import { expect, onTestFinished, test } from 'vitest';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import { until } from '../../lib/testing/servers/until.js';
import { startCluster } from '../support/cluster-group.js';
import { openCluster } from '../support/open-cluster.js';
import { openReplication } from '../support/open-replication.js';
import { createUser } from '../support/users.js';

// Another user, so that `CLIENT LIST` shows which connections have logged in again.
const old = { username: 'old', password: 'secret-old' };
const next = { username: 'next', password: 'secret-next' };

async function addUser({ username, password }: typeof old, nodes: readonly RedisServer[]): Promise<void> {
  await createUser(nodes, { name: username, password, rules: ['~*', '&*', '+@all'] });
}

/** The ids of the connections of this user, by node; `role` is the end of their names. */
async function connectionsOf({ username }: typeof old, nodes: readonly RedisServer[], role = '') {
  const lists = await Promise.all(nodes.map((node) => node.command('CLIENT', 'LIST')));
  return lists.map((list) =>
    String(list)
      .split('\n')
      .filter((line) => line.includes(` user=${username} `) && line.includes(`${role} `))
      .map((line) => /^id=(\d+)/.exec(line)?.[1]),
  );
}

async function untilAllUse(user: typeof old, nodes: readonly RedisServer[]): Promise<void> {
  await until(`all connections use ${user.username}`, async () => {
    const [given, other] = await Promise.all([
      connectionsOf(user, nodes),
      connectionsOf(user === old ? next : old, nodes),
    ]);
    return given.every((ids) => ids.length > 0) && other.every((ids) => ids.length === 0);
  });
}

const about = (notes: readonly string[], node: RedisServer) =>
  notes.filter((note) => note.startsWith(`credentials: ${node.endpoint} `)).map((note) => note.split(' ')[2]);

/** Writes without pause; what fails is kept. */
function startWriting(write: () => Promise<unknown>) {
  const failures: string[] = [];
  const load = { on: true };
  onTestFinished(() => void (load.on = false));
  const loop = (async () => {
    while (load.on) await write().catch((error: unknown) => failures.push(String(error)));
  })();
  return {
    failures,
    async stop() {
      load.on = false;
      await loop;
    },
  };
}

async function openGroup(credentials: CredentialsProvider) {
  const group = await startGroup();
  onTestFinished(() => group.stop());
  await addUser(old, group.nodes);
  return { group, ...(await openReplication(group.endpoints, { credentials, pollIntervalMs: 1000 })) };
}

test('credentials that the app has before the servers know them are tried again until each node accepts them, and no command fails', async () => {
  const credentials = new BehaviorSubject<Credentials>(old);
  const { group, writer, reader, notes } = await openGroup(credentials);
  const duplicates = Array.from({ length: 10 }, () => writer.duplicate());
  onTestFinished(() => duplicates.forEach((each) => each.disconnect()));
  await Promise.all([reader.ping(), ...duplicates.map((each) => each.ping())]);
  const watchers = () => connectionsOf(old, group.nodes, ':watcher');
  await until('all nodes are watched', async () => (await watchers()).every((ids) => ids.length === 1));
  const watching = await watchers();
  const load = startWriting(() => writer.incr('count'));
  credentials.next(next);
  await until('all nodes refuse them', () => group.nodes.every((node) => about(notes, node).length > 0));
  await untilAllUse(old, group.nodes);
  expect(await watchers()).toEqual(watching);
  const before = await connectionsOf(old, group.nodes);
  // One node after the other.
  for (const node of group.nodes) {
    await addUser(next, [node]);
    await until(`${node.endpoint} accepts them`, () => about(notes, node).length > 1);
  }
  await untilAllUse(next, group.nodes);
  const after = await connectionsOf(next, group.nodes);
  await load.stop();
  expect(load.failures).toEqual([]);
  for (const node of group.nodes) {
    expect(about(notes, node)).toEqual(['refuses', 'accepts']);
  }
  // Only a watcher is opened anew.
  const kept = before.flatMap((ids, index) => ids.filter((id) => after[index]?.includes(id)));
  expect(kept.length).toBeGreaterThanOrEqual(before.flat().length - group.nodes.length);
  expect(notes.join('\n')).not.toMatch(/secret|next/);
});

test('credentials that the servers no longer know when the app gives them are asked for once more at once', async () => {
  const outdated = { username: 'outdated', password: 'secret-outdated' };
  const answers: Credentials[] = [{ ...old, expiresAt: Date.now() + 2500 }, outdated];
  const given: (string | undefined)[] = [];
  const credentials = () => {
    const each = answers.shift() ?? next;
    given.push(each.username);
    return each;
  };
  const { group, writer, notes } = await openGroup(credentials);
  await addUser(next, group.nodes);
  const load = startWriting(() => writer.incr('count'));
  await untilAllUse(next, group.nodes);
  await load.stop();
  expect(load.failures).toEqual([]);
  expect(given).toEqual(['old', 'outdated', 'next']);
  expect(notes.filter((note) => note.startsWith('credentials: ')).length).toBeLessThanOrEqual(6);
  expect(notes.join('\n')).not.toMatch(/secret|outdated/);
});

async function userOf(
  redis: Redis,
  nodes: readonly RedisServer[],
  name: string,
): Promise<string | undefined> {
  const list = await Promise.all(nodes.map((node) => node.command('CLIENT', 'LIST')));
  expect(redis.options.connectionName).toBe(name);
  return list
    .join('\n')
    .split('\n')
    .filter((line) => line.includes(` name=${name} `))
    .map((line) => / user=(\S+)/.exec(line)?.[1])[0];
}

test('a refused login is not tried again in the midst of a transaction, but as soon as it is over', async () => {
  const credentials = new BehaviorSubject<Credentials>(old);
  const { group, writer, notes } = await openGroup(credentials);
  const stepwise = writer.duplicate({ connectionName: 'stepwise' });
  onTestFinished(() => stepwise.disconnect());
  await stepwise.ping();
  credentials.next(next);
  await until('all nodes refuse them', () => group.nodes.every((node) => about(notes, node).length > 0));
  await stepwise.multi({ pipeline: false });
  await stepwise.incr('count');
  await addUser(next, group.nodes);
  await until('all others use the new ones', async () =>
    (await connectionsOf(old, group.nodes)).every((ids) => ids.length <= 1),
  );
  expect(await userOf(stepwise, group.nodes, 'stepwise')).toBe('old');
  await stepwise.incr('count');
  // ioredis 5 gives the plain replies here.
  expect(String(await stepwise.exec()).replaceAll(',', '')).toBe('12');
  await untilAllUse(next, group.nodes);
  expect(await userOf(stepwise, group.nodes, 'stepwise')).toBe('next');
});

test('in a cluster, each node is told once, and all connections log in when it accepts the new credentials', async () => {
  const group = await startCluster();
  onTestFinished(() => group.stop());
  await addUser(old, group.nodes);
  const credentials = new BehaviorSubject<Credentials>(old);
  const { writer, reader, notes } = await openCluster(group.endpoints.slice(0, 2), { credentials });
  await reader.get('{a}');
  const [early, late] = [group.nodes.slice(0, 2), group.nodes.slice(2)];
  await addUser(next, early);
  const load = startWriting(() => Promise.all(['{a}', '{b}', '{c}'].map((key) => writer.incr(key))));
  credentials.next(next);
  await until('the others refuse them', () => late.every((node) => about(notes, node).length > 0));
  await untilAllUse(next, early);
  await untilAllUse(old, late);
  await addUser(next, late);
  await untilAllUse(next, group.nodes);
  await load.stop();
  expect(load.failures).toEqual([]);
  expect(early.map((node) => about(notes, node))).toEqual(early.map(() => []));
  expect(late.map((node) => about(notes, node))).toEqual(late.map(() => ['refuses', 'accepts']));
}, 30_000);
