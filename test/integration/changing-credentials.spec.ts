import { inspect } from 'node:util';
import type { Redis } from 'ioredis';
import type { Credentials } from 'nestjs-redis-replication';
import { BehaviorSubject } from 'rxjs';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { rolesOf } from '../support/group-roles.js';
import { createReplication, openReplication } from '../support/open-replication.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import {
  failoverTo,
  follow,
  plannedSwap,
  promote,
  whenInSync,
} from '../../lib/testing/servers/replication.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { until } from '../../lib/testing/servers/until.js';
import { createUser } from '../support/users.js';

const rules = ['~*', '&*', '+@all'];
let group: ServerGroup;

beforeEach(async () => {
  group = await startGroup();
  onTestFinished(() => group.stop());
  await createUser(group.nodes, { name: 'app', password: 'secret-0', rules });
});

/** On all nodes: `>password` adds one, `<password` takes it away. */
async function changeUser(nodes: readonly RedisServer[], ...changes: readonly string[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.command('ACL', 'SETUSER', 'app', ...changes)));
}

async function connectionsOf(node: RedisServer): Promise<readonly string[]> {
  const list = String(await node.command('CLIENT', 'LIST'));
  return list.split('\n').filter((line) => line.includes(' user=app '));
}

/** Commands one after the other on each connection, each as fast as it can. */
function startLoad(connections: readonly Redis[], issue: (redis: Redis) => Promise<unknown>) {
  const failures: string[] = [];
  const load = { on: true };
  // Also if the test fails: on a closed connection it would fail without a pause for ever.
  onTestFinished(() => void (load.on = false));
  const loops = connections.map(async (redis) => {
    while (load.on) await issue(redis).catch((error: unknown) => failures.push(String(error)));
  });
  return {
    failures,
    async stop() {
      load.on = false;
      await Promise.all(loops);
    },
  };
}

test('a password that is exchanged again and again, with failovers in between, fails no command', async () => {
  const credentials = new BehaviorSubject<Credentials>({ username: 'app', password: 'secret-0' });
  const { writer, reader, whenMaster, notes } = await openReplication(group.endpoints, { credentials });
  const duplicates = Array.from({ length: 6 }, () => writer.duplicate());
  onTestFinished(() => duplicates.forEach((each) => each.disconnect()));
  const writes = startLoad([writer, ...duplicates.slice(0, 3)], (redis) => redis.incr('count'));
  const transactions = startLoad(duplicates.slice(3), (redis) => redis.multi().incr('a').incr('b').exec());
  const reads = startLoad([reader], (redis) => redis.get('count'));
  let [from, to, other] = group.nodes;
  for (let round = 1; round <= 24; round += 1) {
    if (from === undefined || to === undefined || other === undefined) throw new Error('Too few nodes');
    await changeUser(group.nodes, `>secret-${round}`);
    credentials.next({ username: 'app', password: `secret-${round}` });
    await changeUser(group.nodes, `<secret-${round - 1}`);
    if (round % 4 === 0) {
      await (round % 8 === 0 ? plannedSwap([from, to, other], to) : failoverTo(from, to));
      await follow(other, to);
      await whenMaster(to);
      await whenInSync(to, [from, other]);
      [from, to, other] = [to, other, from];
    }
  }
  await Promise.all([writes.stop(), transactions.stop(), reads.stop()]);
  expect([...writes.failures, ...transactions.failures, ...reads.failures]).toEqual([]);
  expect(Number(await writer.get('count'))).toBeGreaterThan(100);
  expect(notes.filter((note) => /WRONGPASS|NOAUTH|secret/.test(note))).toEqual([]);
}, 120_000);

test('one call of the function serves all connections, and one more when a server refuses what it gave', async () => {
  const given: string[] = [];
  const state = { password: 'secret-0' };
  const credentials = () => {
    given.push(state.password);
    return { username: 'app', password: state.password };
  };
  const { writer } = await openReplication(group.endpoints, { credentials });
  const duplicates = Array.from({ length: 20 }, () => writer.duplicate());
  onTestFinished(() => duplicates.forEach((each) => each.disconnect()));
  await Promise.all(duplicates.map((each) => each.ping()));
  expect(given).toEqual(['secret-0']);
  const { master } = rolesOf(group);
  await changeUser(group.nodes, '>secret-1', '<secret-0');
  state.password = 'secret-1';
  // Within a second after it was asked, the app is not asked again.
  await until('a second is over', async () => {
    await Promise.all(group.nodes.map((node) => node.command('CLIENT', 'KILL', 'USER', 'app')));
    return given.length > 1;
  });
  expect(await writer.set('key', 'value')).toBe('OK');
  await Promise.all(duplicates.map((each) => each.ping()));
  expect(given).toEqual(['secret-0', 'secret-1']);
  expect((await connectionsOf(master)).length).toBeGreaterThan(20);
});

async function countLogins(node: RedisServer): Promise<number> {
  const stats = String(await node.command('INFO', 'commandstats'));
  return Number(/cmdstat_auth:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

test('connections that are open log in again, but not in the midst of a transaction', async () => {
  const credentials = new BehaviorSubject<Credentials>({ username: 'app', password: 'secret-0' });
  const { writer } = await openReplication(group.endpoints, { credentials });
  const { master } = rolesOf(group);
  const stepwise = writer.duplicate();
  onTestFinished(() => stepwise.disconnect());
  await stepwise.multi({ pipeline: false });
  await stepwise.incr('count');
  const before = await countLogins(master);
  await changeUser(group.nodes, '>secret-1');
  credentials.next({ username: 'app', password: 'secret-1' });
  await until('the writer has logged in again', async () => (await countLogins(master)) > before);
  await stepwise.incr('count');
  expect(await countLogins(master)).toBe(before + 1);
  // ioredis 5 gives the plain replies here.
  expect(String(await stepwise.exec()).replaceAll(',', '')).toBe('12');
  await until('it has logged in again', async () => (await countLogins(master)) === before + 2);
  expect(await stepwise.get('count')).toBe('2');
});

test('credentials that are renewed during a handshake are sent right after it', async () => {
  const credentials = new BehaviorSubject<Credentials>({ username: 'app', password: 'secret-0' });
  await changeUser(group.nodes, '>secret-1');
  const { replication, writer } = createReplication(group.endpoints, { credentials, boot: 'required' });
  // By then the login is chosen, and the connection is not ready.
  writer.once('connect', () => credentials.next({ username: 'app', password: 'secret-1' }));
  await replication.onModuleInit();
  const { master } = rolesOf(group);
  // Observers log in by HELLO.
  await until('the writer has logged in again', async () => (await countLogins(master)) >= 1);
  expect(await writer.set('key', 'value')).toBe('OK');
});

test('credentials that expire during a failover delay it only until the app gives others', async () => {
  const waiting: ((given: Credentials) => void)[] = [];
  let calls = 0;
  const credentials = (): Credentials | Promise<Credentials> => {
    calls += 1;
    return calls === 1
      ? { username: 'app', password: 'secret-0', expiresAt: Date.now() + 300 }
      : new Promise((resolve) => waiting.push(resolve));
  };
  const { writer } = await openReplication(group.endpoints, { credentials });
  await until('the app was asked for others', () => calls === 2);
  const { master, heir } = rolesOf(group);
  await master.kill();
  await changeUser(
    group.nodes.filter((node) => node !== master),
    '>secret-1',
    '<secret-0',
  );
  await promote(heir);
  const written = writer.set('key', 'value');
  waiting.forEach((give) => give({ username: 'app', password: 'secret-1' }));
  expect(await written).toBe('OK');
  expect(calls).toBe(2);
});

test('an app that gives no credentials is told so with its own reason, and is asked again', async () => {
  const state = { sealed: true };
  const credentials = () => {
    if (state.sealed) throw new Error('the vault is sealed');
    return { username: 'app', password: 'secret-0' };
  };
  await changeUser(group.nodes, 'on');
  await Promise.all(
    group.nodes.map((node) => node.command('ACL', 'SETUSER', 'default', 'resetpass', '>other')),
  );
  const { replication, writer, notes } = createReplication(group.endpoints, { credentials });
  await replication.onModuleInit();
  await until('it is told', () =>
    notes.join('\n').includes('the app gave no credentials: the vault is sealed'),
  );
  state.sealed = false;
  expect(await writer.set('key', 'value')).toBe('OK');
});

test('the password is in nothing that lists properties', async () => {
  const credentials = () => ({ username: 'app', password: 'secret-0' });
  const { writer, reader, replication } = await openReplication(group.endpoints, { credentials });
  await reader.ping();
  for (const each of [writer, reader, replication]) {
    expect(inspect(each, { depth: 9 })).not.toContain('secret-0');
  }
  expect(JSON.stringify([writer.options, reader.options])).not.toContain('secret-0');
  expect(writer.options.password).toBeFalsy();
});
