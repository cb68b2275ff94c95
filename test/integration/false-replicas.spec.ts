import { discoverNodes, type DiscoverNodesOptions } from 'nestjs-redis-replication';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAuthority } from '../../lib/testing/servers/certificates.js';
import { registerCrowd } from '../support/false-replica.js';
import { startFakeRedis, type FakeRedis } from '../support/fake-redis.js';
import { findFreePort } from '../../lib/testing/servers/free-port.js';
import { rolesOf } from '../support/group-roles.js';
import { readInfo } from '../../lib/testing/servers/info.js';
import { containing } from '../support/matchers.js';
import { openReplication } from '../support/open-replication.js';
import { startRedisServer, type RedisServer } from '../../lib/testing/servers/redis-server.js';
import { follow, promote, whenInSync } from '../../lib/testing/servers/replication.js';
import { error } from '../support/resp.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import { needsOptions } from '../support/server-under-test.js';
import { serverAtLeast } from '../support/server-under-test.js';
import { until } from '../../lib/testing/servers/until.js';

const redis = { password: 'app-secret' };

/** A group of its own for each test, because accounts and replicas stay. */
async function startOwnGroup(replicas = 2) {
  const group = await startGroup({ replicas, password: redis.password });
  onTestFinished(() => group.stop());
  return group;
}

/** Requires a password before it says anything, as a server of the group does, and keeps what it is sent. */
async function startThief(): Promise<FakeRedis & { readonly host: string; readonly stolen: () => boolean }> {
  const server = await startFakeRedis({ onCommand: () => error('NOAUTH Authentication required.') });
  onTestFinished(() => server.stop());
  const stolen = () => JSON.stringify(server.commands).includes(redis.password);
  return { ...server, host: '127.0.0.1', commands: server.commands, stolen };
}

const startThieves = (count: number) => Promise.all(Array.from({ length: count }, startThief));

async function freeAddress(): Promise<{ readonly host: string; readonly port: number }> {
  return { host: '127.0.0.1', port: await findFreePort() };
}

/** Which commands a server has ever been sent. */
async function commandsOn(server: RedisServer): Promise<readonly string[]> {
  const stats = await readInfo(server, 'commandstats');
  return [...stats.keys()].map((name) => name.replace(/^cmdstat_/, ''));
}

describe('the password of the app', () => {
  const narrowed: DiscoverNodesOptions[] = [{ allow: ['10.0.0.0/8'] }, { requireProof: true }];

  test.each(narrowed)('is not sent to an address that a replica made up, with %j', async (options) => {
    const { master, heir, other } = rolesOf(await startOwnGroup());
    const thief = await startThief();
    await registerCrowd([master, heir], [thief]);
    const seeds = [master, heir, other].map(({ endpoint }) => endpoint);
    const { writer, whenMaster, notes } = await openReplication(discoverNodes(seeds, options), { redis });
    await until('its address is listed and left out', () =>
      notes.some((note) => note.includes('is not followed')),
    );
    await master.kill();
    await promote(heir);
    await follow(other, heir);
    await whenMaster(heir);
    expect(await writer.set('key', 'value')).toBe('OK');
    expect(thief.commands).toEqual([]);
    expect(notes.join()).not.toContain('sends the password');
  });

  test('goes to a server that asks for it, if nothing narrows discovery, and a warning says so at the start', async () => {
    const { master } = await startOwnGroup(0);
    const thief = await startThief();
    await registerCrowd([master], [thief]);
    const { notes } = await openReplication(discoverNodes([master.endpoint]), { redis });
    expect(notes[0]).toContain('discoverNodes sends the password to any address that a node lists');
    await until('it is sent', thief.stolen);
    // What it was sent first is a question without credentials.
    expect(thief.commands[0]?.[0]).toBe('INFO');
  });

  test('is not sent to a server of another group that answers without it', async () => {
    const { master } = await startOwnGroup(0);
    const stranger = await startRedisServer();
    onTestFinished(() => stranger.stop());
    await registerCrowd([master], [stranger]);
    const { whenTopology, writer, notes } = await openReplication(discoverNodes([master.endpoint]), {
      redis,
    });
    const { nodes } = await whenTopology((topology) =>
      topology.nodes.some((node) => node.kind === 'unusable' && node.endpoint === stranger.endpoint),
    );
    expect(nodes.find(({ endpoint }) => endpoint === stranger.endpoint)).toMatchObject({
      message: 'its replication history is not that of the group, so it is not sent the credentials',
    });
    expect(await writer.set('key', 'value')).toBe('OK');
    const sent = await commandsOn(stranger);
    expect(sent).toContain('info');
    // The connection of the test introduces its library by CLIENT SETINFO; Redis 6.2 counts all of CLIENT as one.
    const introduction = serverAtLeast('Redis 7.0') ? 'client|setinfo' : 'client';
    const unasked = sent.filter((name) => /auth|hello|client|subscribe|xread/.test(name));
    expect(unasked.filter((name) => name !== introduction)).toEqual([]);
    expect(notes.join()).not.toContain(redis.password);
  });

  test('goes to the real replicas of the group, which follow a failover', async () => {
    const { master, heir } = rolesOf(await startOwnGroup());
    const { writer, whenMaster, whenTopology } = await openReplication(discoverNodes([master.endpoint]), {
      redis,
    });
    await whenTopology(({ nodes }) => nodes.filter(({ kind }) => kind === 'replica').length === 2);
    await master.kill();
    await promote(heir);
    await whenMaster(heir);
    expect(await writer.set('key', 'value')).toBe('OK');
  });

  test('with requireProof, goes to a master that a node of the user replicates from', async () => {
    const { master, heir, other } = rolesOf(await startOwnGroup());
    const source = discoverNodes([other.endpoint], { requireProof: true });
    const { writer, whenMaster } = await openReplication(source, { redis });
    await whenMaster(master);
    await promote(heir);
    await follow(other, heir);
    await master.kill();
    await whenMaster(heir);
    expect(await writer.set('key', 'value')).toBe('OK');
  });
});

describe('of a hundred false replicas', () => {
  test('a bounded number is followed, writes go on, and a failover is over at once', async () => {
    const { master, heir, other } = rolesOf(await startOwnGroup());
    const dead = await Promise.all(Array.from({ length: 40 }, freeAddress));
    const hanging = await Promise.all(
      Array.from({ length: 30 }, () => startFakeRedis({ onCommand: () => 'hang' })),
    );
    onTestFinished(() => Promise.all(hanging.map((server) => server.stop())).then(() => undefined));
    const addresses = [
      ...dead,
      ...hanging.map(({ port }) => ({ host: '127.0.0.1', port })),
      ...(await startThieves(30)),
    ];
    const crowd = await registerCrowd([master], addresses);
    const listed = await readInfo(master, 'replication');
    expect(Number(listed.get('connected_slaves'))).toBe(102);

    const { replication, writer, whenTopology, whenMaster, notes } = await openReplication(
      discoverNodes([master.endpoint]),
      { redis },
    );
    let most = 0;
    const counting = replication.topology$.subscribe(({ nodes }) => (most = Math.max(most, nodes.length)));
    onTestFinished(() => counting.unsubscribe());
    await whenTopology(({ nodes }) =>
      [heir, other].every(({ endpoint }) =>
        nodes.some((node) => node.kind === 'replica' && node.endpoint === endpoint),
      ),
    );
    // Half of them leave, and others come.
    crowd.slice(0, 50).forEach(({ leave }) => leave());
    await registerCrowd([master], await Promise.all(Array.from({ length: 50 }, freeAddress)));
    for (let count = 0; count < 100; count++) expect(await writer.set('key', String(count))).toBe('OK');

    await master.kill();
    await promote(heir);
    const promotedAt = performance.now();
    expect(await writer.set('key', 'after')).toBe('OK');
    const tookMs = performance.now() - promotedAt;
    await whenMaster(heir);
    console.log(
      `false replicas: 100, nodes at most ${most}, first write ${tookMs.toFixed(0)} ms after the promotion`,
    );
    expect(most).toBeLessThanOrEqual(32);
    expect(notes.filter((note) => note.includes('"maxNodes" is 32'))).toHaveLength(1);
    expect(await heir.command('GET', 'key')).toBe('after');
  });
});

describe('over TLS', () => {
  test('a learned node whose certificate is only for its own address gets nothing, unless that is allowed', async (context) => {
    needsOptions(context, ['--tls-port']);
    const authority = await createAuthority();
    const [seed, replica, stranger] = ['127.0.0.2', '127.0.0.3', '127.0.0.4'] as const;
    const tls = await authority.issue([seed, replica]);
    const group = await startGroup({ replicas: 1, hosts: [seed, replica], tls, ...redis });
    onTestFinished(() => group.stop());
    const { master } = group;
    const impostor = await startRedisServer({
      host: stranger,
      tls: await authority.issue([stranger]),
      ...redis,
      args: ['--replicaof', master.host, String(master.port)],
    });
    onTestFinished(() => impostor.stop());
    await whenInSync(master, [impostor]);
    const options = { redis: { ...redis, tls: { ca: tls.ca } } };
    const isSettled = (endpoint: string) => (node: { endpoint: string; kind: string }) =>
      node.endpoint === endpoint && node.kind !== 'pending';

    const strict = await openReplication(discoverNodes([master.endpoint]), options);
    const { nodes } = await strict.whenTopology((topology) =>
      [replica, stranger].every((host) =>
        topology.nodes.some(isSettled(`${host}:${host === stranger ? impostor.port : master.port}`)),
      ),
    );
    expect(nodes.find(({ endpoint }) => endpoint === `${replica}:${master.port}`)).toMatchObject({
      kind: 'replica',
    });
    expect(nodes.find(({ endpoint }) => endpoint === impostor.endpoint)).toMatchObject({
      fault: 'TLS',
      message: containing(seed),
    });

    const allowing = await openReplication(
      discoverNodes([master.endpoint], { allow: ['127.0.0.0/8'] }),
      options,
    );
    await allowing.whenTopology((topology) =>
      topology.nodes.some((node) => node.endpoint === impostor.endpoint && node.kind === 'replica'),
    );
    expect(await allowing.writer.set('key', 'value')).toBe('OK');
  });
});
