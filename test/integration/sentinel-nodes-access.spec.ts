import { readFile } from 'node:fs/promises';
import { sentinelNodes, type Endpoint } from 'nestjs-redis-replication';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { channels } from '../../lib/sources/sentinel/events.js';
import { masterOf } from '../../lib/topology/topology.js';
import { createCertificates } from '../../lib/testing/servers/certificates.js';
import { readInfo } from '../../lib/testing/servers/info.js';
import { createReplication, openReplication } from '../support/open-replication.js';
import {
  startSentinels,
  type SentinelGroup,
  type SentinelOptions,
} from '../../lib/testing/servers/sentinel-group.js';
import { startGroup, type GroupOptions, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { needsOptions, needsServer } from '../support/server-under-test.js';
import { startProxy } from '../../lib/testing/network/tcp-proxy.js';
import { until } from '../../lib/testing/servers/until.js';
import { createUser } from '../support/users.js';

type SourceOptions = Omit<Parameters<typeof sentinelNodes>[0], 'name' | 'sentinels'>;

async function start(options: SentinelOptions = {}, ofGroup: GroupOptions = {}) {
  const group = await startGroup({ replicas: 1, ...ofGroup });
  onTestFinished(() => group.stop());
  const sentinels = await startSentinels(group, options);
  onTestFinished(() => sentinels.stop());
  return { group, sentinels };
}

/** Opens from the first Sentinel only, and waits until the others are known, all nodes answer, and the majority is heard. */
async function openFrom(
  { group, sentinels }: { group: ServerGroup; sentinels: SentinelGroup },
  more: SourceOptions = {},
) {
  const source = sentinelNodes({ name: sentinels.name, sentinels: sentinels.endpoints.slice(0, 1), ...more });
  const opened = await openReplication(source, { redis: redisOf(group) });
  await opened.whenTopology(
    ({ nodes }) => nodes.length === 2 && nodes.every(({ kind }) => kind === 'master' || kind === 'replica'),
  );
  await untilAllFollowed(sentinels);
  return opened;
}

async function untilAllFollowed({ sentinels }: SentinelGroup): Promise<void> {
  await until('all Sentinels are followed', async () => {
    const lists = await Promise.all(sentinels.map((each) => each.command('CLIENT', 'LIST')));
    return lists.every((list) => String(list).includes(`sub=${channels.length} `));
  });
}

/** A replica tells its master its name when it connects. */
async function announceAs(name: string, { master, nodes, replicas }: ServerGroup): Promise<void> {
  await Promise.all(nodes.map((node) => node.command('CONFIG', 'SET', 'replica-announce-ip', name)));
  await master.command('CLIENT', 'KILL', 'TYPE', 'replica');
  await until('all replicas are back', async () => {
    const info = await readInfo(master, 'replication');
    return replicas.every(({ port }) =>
      [...info.values()].some((value) => value.startsWith(`ip=${name},port=${port},state=online`)),
    );
  });
}

function redisOf({ options: { password, user, tls } }: ServerGroup) {
  return {
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: { ca: tls.ca } }),
  };
}

async function failOver(
  { group, sentinels }: { group: ServerGroup; sentinels: SentinelGroup },
  opened: Awaited<ReturnType<typeof openFrom>>,
) {
  const [heir] = group.replicas;
  if (heir === undefined) throw new Error('There is a replica');
  await sentinels.failover();
  await opened.whenTopology((topology) => topology.kind === 'steady' && topology.generation === 2);
  expect(await opened.writer.set('key', 'value')).toBe('OK');
  expect(await heir.command('GET', 'key')).toBe('value');
  return masterOf(opened.replication.latest);
}

describe('Sentinels with a login of their own', () => {
  const requirepass = { password: 'sentinel-secret', args: ['--requirepass', 'sentinel-secret'] };

  test('by password are used, while the nodes have another', async () => {
    const all = await start({ server: requirepass }, { password: 'node-secret' });
    const opened = await openFrom(all, { password: 'sentinel-secret' });
    await failOver(all, opened);
    expect(opened.notes.join('\n')).not.toMatch(/secret/);
  });

  test('that is exchanged is used on new connections, after one call for all Sentinels', async () => {
    const all = await start();
    const rules = ['~*', '&*', '+@all', '>secret-2'];
    await createUser(all.sentinels.sentinels, { name: 'app', password: 'secret-1', rules });
    let calls = 0;
    const credentials = () => {
      calls += 1;
      const expiresAt = calls === 1 ? Date.now() + 1000 : Date.now() + 600_000;
      return { username: 'app', password: `secret-${calls}`, expiresAt };
    };
    const opened = await openFrom(all, { credentials });
    await until('the app was asked for others', () => calls === 2);
    const everywhere = (...command: readonly [string, ...string[]]) =>
      Promise.all(all.sentinels.sentinels.map((each) => each.command(...command)));
    await everywhere('ACL', 'SETUSER', 'app', '<secret-1');
    await everywhere('CLIENT', 'KILL', 'USER', 'app');
    await untilAllFollowed(all.sentinels);
    expect(calls).toBe(2);
    await failOver(all, opened);
    expect(opened.notes.join('\n')).not.toMatch(/secret/);
  });

  test('by a user with the permissions that the documentation gives are used, events included', async (context) => {
    needsServer(context, ['Redis 7.0', 'permissions for single subcommands']);
    const page = await readFile('docs/deployments.md', 'utf8');
    const [, rules = ''] = /^ACL SETUSER app on >password (.*sentinel\|.*)$/m.exec(page) ?? [];
    const all = await start({ server: requirepass });
    await createUser(all.sentinels.sentinels, {
      name: 'app',
      password: 'app-secret',
      rules: rules.split(' '),
    });
    const opened = await openFrom(all, { username: 'app', password: 'app-secret' });
    await failOver(all, opened);
    expect(opened.notes.join('\n')).not.toMatch(/secret|cannot be used/);
  });

  test.each([
    ['none is given', {}, 'NOAUTH, '],
    ['the password is wrong', { password: 'wrong-secret' }, 'WRONGPASS, '],
  ])('are named when %s, with what is to be set', async (_when, login, fault) => {
    const { sentinels } = await start({ server: requirepass });
    const { replication, notes } = createReplication(
      sentinelNodes({ name: 'main', sentinels: sentinels.endpoints, ...login }),
      { boot: 'required', bootTimeoutMs: 1000 },
    );
    await expect(replication.onModuleInit()).rejects.toThrow('no writer within 1000 ms');
    const failed = notes.filter((note) => note.startsWith('the source of nodes failed'));
    expect(failed).toHaveLength(1);
    expect(failed[0]).toContain(`${sentinels.endpoints[0]}: ${fault}`);
    expect(failed[0]).toContain(
      'its login is set by "username" and "password", or "credentials", of sentinelNodes',
    );
    expect(notes.join('\n')).not.toMatch(/secret/);
  });
});

describe('TLS', () => {
  beforeEach((context) => needsOptions(context, ['--tls-port']));

  test('is used for Sentinels and nodes alike, by options of their own', async () => {
    const tls = await createCertificates();
    const all = await start({}, { tls });
    const opened = await openFrom(all, { tls: { ca: tls.ca } });
    await failOver(all, opened);
  });

  test('of a Sentinel named rediss:// holds for the Sentinels that it lists, but not for the nodes', async () => {
    const tls = await createCertificates();
    const all = await start({}, { tls });
    const [first = ''] = all.sentinels.endpoints;
    const listed: Endpoint[] = [];
    const source = sentinelNodes({
      name: 'main',
      sentinels: [`rediss://${first}`],
      tls: { ca: tls.ca },
      mapEndpoint: (named) => {
        listed.push(named);
        return named;
      },
    });
    await openReplication(source, { redis: redisOf(all.group) });
    await untilAllFollowed(all.sentinels);
    const nodes = new Set(all.group.nodes.map(({ port }) => port));
    expect(listed.filter(({ port }) => nodes.has(port)).some((named) => named.tls === true)).toBe(false);
    expect(listed.filter(({ port }) => !nodes.has(port)).every((named) => named.tls === true)).toBe(true);
  });

  test.each([
    ['is missing', {}, /CLOSED, .*set "tls" of sentinelNodes|TLS, the port speaks TLS/],
    ['trusts another authority', { tls: {} }, /: TLS, TLS handshake failed: /],
  ])('is told when it %s', async (_what, options, told) => {
    const { sentinels } = await start({}, { tls: await createCertificates() });
    const { replication, notes } = createReplication(
      sentinelNodes({ name: 'main', sentinels: sentinels.endpoints.slice(0, 1), ...options }),
      { boot: 'required', bootTimeoutMs: 1000 },
    );
    await expect(replication.onModuleInit()).rejects.toThrow('no writer within 1000 ms');
    expect(notes.join('\n')).toMatch(told);
  });
});

describe('addresses', () => {
  test('of IPv6 are used', async () => {
    const all = await start({ server: { host: '::1' } }, { host: '::1' });
    const opened = await openFrom(all);
    expect(opened.replication.latest.nodes.map(({ endpoint }) => endpoint)).toEqual(
      all.group.endpoints.toSorted(),
    );
    expect(await failOver(all, opened)).toMatch(/^\[::1]:\d+$/);
  });

  test('are host names where the Sentinels resolve and announce them', async () => {
    const group = await startGroup({ replicas: 1 });
    onTestFinished(() => group.stop());
    await announceAs('localhost', group);
    const sentinels = await startSentinels(group, {
      monitoredHost: 'localhost',
      lines: ['sentinel resolve-hostnames yes', 'sentinel announce-hostnames yes'],
    });
    onTestFinished(() => sentinels.stop());
    const opened = await openFrom({ group, sentinels });
    const names = opened.replication.latest.nodes.map(({ endpoint }) => endpoint);
    expect(names).toEqual(group.nodes.map(({ port }) => `localhost:${port}`).toSorted());
    expect(await failOver({ group, sentinels }, opened)).toBe(`localhost:${group.replicas[0]?.port}`);
  });

  test('behind NAT are translated by mapEndpoint, of the nodes and of the Sentinels', async () => {
    const all = await start();
    const servers = [...all.group.nodes, ...all.sentinels.sentinels];
    const proxies = new Map<number, number>();
    for (const { port } of servers) {
      const proxy = await startProxy(port);
      onTestFinished(() => proxy.stop());
      proxies.set(port, proxy.port);
    }
    const outside = (port: number) => proxies.get(port) ?? port;
    const [seed] = all.sentinels.sentinels;
    if (seed === undefined) throw new Error('There are three Sentinels');
    const source = sentinelNodes({
      name: 'main',
      sentinels: [`127.0.0.1:${outside(seed.port)}`],
      mapEndpoint: ({ host, port }) => ({ host, port: outside(port) }),
    });
    const opened = await openReplication(source);
    await opened.whenTopology(({ nodes }) => nodes.length === 2);
    const names = opened.replication.latest.nodes.map(({ endpoint }) => endpoint);
    expect(names).toEqual(all.group.nodes.map(({ port }) => `127.0.0.1:${outside(port)}`).toSorted());
    await failOver(all, opened);
  });

  test('that mapEndpoint does not know are left out', async () => {
    const { group, sentinels } = await start();
    const source = sentinelNodes({
      name: 'main',
      sentinels: sentinels.endpoints,
      mapEndpoint: (named) => (named.port === group.replicas[0]?.port ? undefined : named),
    });
    const { replication, whenTopology } = await openReplication(source);
    await whenTopology(({ kind }) => kind === 'steady');
    expect(replication.latest.nodes.map(({ endpoint }) => endpoint)).toEqual([group.master.endpoint]);
  });
});

describe('a wrong option', () => {
  test('of the name is one error that says what the Sentinels monitor', async () => {
    const { sentinels } = await start();
    const { replication, notes } = createReplication(
      sentinelNodes({ name: 'mymaster', sentinels: sentinels.endpoints.slice(0, 1) }),
      { boot: 'required', bootTimeoutMs: 1000 },
    );
    await expect(replication.onModuleInit()).rejects.toThrow('no writer within 1000 ms');
    expect(notes.filter((note) => note.includes('Sentinel'))).toEqual([
      `the source of nodes failed: sentinelNodes: no Sentinel can be used: ${sentinels.endpoints[0]}: ` +
        'it monitors no master by this "name"; allowed is what it monitors: "main"',
    ]);
  });

  test.each([
    ['a master', 0, 'it is a master in mode standalone, not a Sentinel'],
    ['a replica', 1, 'it is a replica in mode standalone, not a Sentinel'],
  ])('that names %s as a Sentinel is one error that says what was found', async (_what, index, found) => {
    const group = await startGroup({ replicas: 1 });
    onTestFinished(() => group.stop());
    const endpoint = group.endpoints[index] ?? '';
    const { replication, notes } = createReplication(sentinelNodes({ name: 'main', sentinels: [endpoint] }), {
      boot: 'required',
      bootTimeoutMs: 1000,
    });
    await expect(replication.onModuleInit()).rejects.toThrow('no writer within 1000 ms');
    const failed = notes.filter((note) => note.includes('Sentinel'));
    expect(failed).toHaveLength(1);
    expect(failed[0]).toContain(`${endpoint}: ${found}; allowed are the addresses of Sentinels`);
  });
});
