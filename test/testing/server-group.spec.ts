import { Redis } from 'ioredis';
import { afterEach, expect, test } from 'vitest';
import { createCertificates } from '../../lib/testing/servers/certificates.js';
import { readInfo } from '../../lib/testing/servers/info.js';
import { failoverTo, plannedSwap, whenInSync } from '../../lib/testing/servers/replication.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import { needsOptions } from '../support/server-under-test.js';
import type { GroupOptions, ServerGroup } from '../../lib/testing/servers/server-group.js';
import { createUser } from '../support/users.js';

let group: ServerGroup | undefined;

afterEach(async () => {
  await group?.stop();
  group = undefined;
});

async function start(options?: GroupOptions) {
  group = await startGroup(options);
  const [second, third] = group.replicas;
  if (second === undefined || third === undefined) throw new Error('A group has two replicas');
  return { nodes: group.nodes, first: group.master, second, third };
}

test('replicas have what the master has', async () => {
  const { first, second, third } = await start();
  await first.command('SET', 'key', 'value');
  await whenInSync(first, [second, third]);
  expect(await second.command('GET', 'key')).toBe('value');
  expect(await third.command('GET', 'key')).toBe('value');
});

test('nodes with addresses of their own share one port, and are named by their addresses', async () => {
  const hosts = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
  const { nodes, first, second, third } = await start({ hosts });
  expect(nodes.map(({ endpoint }) => endpoint)).toEqual(hosts.map((host) => `${host}:${first.port}`));
  await failoverTo(first, second);
  await plannedSwap(nodes, third);
  await whenInSync(third, [first, second]);
  const named = [...(await readInfo(third, 'replication')).values()].join(' ');
  expect(named).toContain(`ip=127.0.0.1,port=${first.port},state=online`);
  expect(named).toContain(`ip=127.0.0.2,port=${first.port},state=online`);
});

test('a planned swap moves the role and keeps the data', async () => {
  const { nodes, first, second, third } = await start();
  await first.command('SET', 'key', 'value');
  await whenInSync(first, [second, third]);
  await plannedSwap(nodes, second);
  await whenInSync(second, [first, third]);
  await expect(first.command('SET', 'key', 'other')).rejects.toThrow(/^READONLY/);
  expect(await second.command('GET', 'key')).toBe('value');
});

test('FAILOVER hands the role over and leaves the third node where it was', async () => {
  const { first, second, third } = await start();
  await failoverTo(first, second);
  expect((await readInfo(second, 'replication')).get('role')).toBe('master');
  expect((await readInfo(third, 'replication')).get('master_port')).toBe(String(first.port));
});

test('a node that hangs answers when it resumes', async () => {
  const { first } = await start();
  first.hang();
  const reply = first.command('PING');
  first.resume();
  expect(await reply).toBe('PONG');
});

test('a killed master comes back at its port, as master and empty', async () => {
  const { first } = await start();
  await first.command('SET', 'key', 'value');
  const { pid } = first;
  await first.kill();
  await expect(first.command('PING')).rejects.toThrow();
  await first.restart();
  expect(first.pid).not.toBe(pid);
  expect(await first.command('GET', 'key')).toBeNull();
});

test('TLS and a user are asked for by every node', async (context) => {
  needsOptions(context, ['--tls-port']);
  const tls = await createCertificates();
  const { nodes, first } = await start({ tls, user: 'app', password: 'a secret' });
  expect(await first.command('ACL', 'WHOAMI')).toBe('app');

  await createUser(nodes, { name: 'reader', password: 'other', rules: ['~*', '+@read', '+ping'] });
  const options = { tls: { ca: tls.ca }, lazyConnect: true, enableReadyCheck: false };
  const client = new Redis(first.port, first.host, { ...options, username: 'reader', password: 'other' });
  await expect(client.set('key', 'value')).rejects.toThrow(/^NOPERM/);
  client.disconnect();
});

test('no process outlives stop', async () => {
  const { nodes } = await start();
  const pids = nodes.map((node) => node.pid);
  await group?.stop();
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
