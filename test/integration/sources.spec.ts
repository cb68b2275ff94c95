import { discoverNodes, primaryEndpoint, staticNodes } from 'nestjs-redis-replication';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { forward } from '../support/forward.js';
import { findFreePort } from '../../lib/testing/servers/free-port.js';
import { rolesOf } from '../support/group-roles.js';
import { openReplication } from '../support/open-replication.js';
import { readInfo } from '../../lib/testing/servers/info.js';
import { startRedisServer, type RedisServer } from '../../lib/testing/servers/redis-server.js';
import { follow, plannedSwap, promote, whenInSync } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { needsOptions } from '../support/server-under-test.js';
import { until } from '../../lib/testing/servers/until.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

beforeEach(() => restoreGroup(group));

afterAll(() => group.stop());

describe('staticNodes', () => {
  test('names all nodes, of which some may not exist', async () => {
    const nowhere = `127.0.0.1:${await findFreePort()}`;
    const source = staticNodes([nowhere, 'does-not-exist.invalid:6379', ...group.endpoints]);
    const { writer, whenMaster, whenTopology } = await openReplication(source);
    const { master, heir } = rolesOf(group);
    const { nodes } = await whenTopology((topology) =>
      topology.nodes.every(({ kind }) => kind !== 'pending'),
    );
    const faults = nodes.flatMap((node) => (node.kind === 'unusable' ? [node.fault] : []));
    expect(faults.toSorted()).toEqual(['NOT_FOUND', 'REFUSED']);
    await master.kill();
    await promote(heir);
    await whenMaster(heir);
    expect(await writer.set('key', 'value')).toBe('OK');
  });
});

describe('discoverNodes', () => {
  test('takes a replica that receives its first copy over two connections for one node', async (context) => {
    const dualChannel = ['--dual-channel-replication-enabled', 'yes'];
    // Writes 1 ms for each key, so that the copy lasts.
    const args = [...dualChannel, '--rdb-key-save-delay', '1000'];
    needsOptions(context, args);
    const own = await startGroup({ replicas: 0, args });
    onTestFinished(() => own.stop());
    await own.master.command('EVAL', "for i = 1, 3000 do redis.call('SET', 'key' .. i, 'x') end", 0);
    // It calls from another address than the one that it announces, as from behind NAT.
    const replica = await startRedisServer({
      host: '127.0.0.3',
      args: [...dualChannel, '--replicaof', own.master.host, String(own.master.port)],
    });
    onTestFinished(() => replica.stop());
    const copies = async () =>
      [...(await readInfo(own.master, 'replication')).values()].filter((value) => value.includes('-channel'));
    await until('both connections are listed', async () => (await copies()).length === 2);
    const { whenTopology } = await openReplication(discoverNodes([own.master.endpoint]));
    const { nodes } = await whenTopology((topology) => topology.nodes.length > 1);
    expect(nodes.map(({ endpoint }) => endpoint).toSorted()).toEqual(
      [own.master.endpoint, replica.endpoint].toSorted(),
    );
    expect(await copies()).toHaveLength(2);
  });

  test('finds all nodes from one seed, and goes on without it', async () => {
    const { master, heir, other } = rolesOf(group);
    const { writer, whenMaster, whenTopology } = await openReplication(discoverNodes([master.endpoint]));
    const { nodes } = await whenTopology((topology) => topology.nodes.length === 3);
    expect(nodes.map(({ endpoint }) => endpoint).toSorted()).toEqual(group.endpoints.toSorted());
    await master.kill();
    await promote(heir);
    await whenMaster(heir);
    expect(await writer.set('key', 'value')).toBe('OK');
    await follow(other, heir);
    await whenInSync(heir, [other]);
    await heir.kill();
    await promote(other);
    await whenMaster(other);
    expect(await writer.set('key', 'value')).toBe('OK');
  });

  test('finds the master from a seed that is a replica', async () => {
    const { heir, master } = rolesOf(group);
    const { writer } = await openReplication(discoverNodes([heir.endpoint]));
    expect(await writer.set('key', 'value')).toBe('OK');
    expect(await master.command('GET', 'key')).toBe('value');
  });

  test('translates the addresses that servers name', async () => {
    const { master, heir } = rolesOf(group);
    await forwardForTest({ host: '127.0.0.2', port: heir.port }, heir);
    const source = discoverNodes([master.endpoint], {
      mapEndpoint: ({ port }) => (port === heir.port ? { host: '127.0.0.2', port } : undefined),
    });
    const { writer, whenTopology, whenMaster } = await openReplication(source);
    const { nodes } = await whenTopology((topology) => topology.nodes.length === 2);
    expect(nodes.map(({ endpoint }) => endpoint)).toEqual([master.endpoint, `127.0.0.2:${heir.port}`]);
    await plannedSwap(group.nodes, heir);
    await whenMaster({ endpoint: `127.0.0.2:${heir.port}` });
    expect(await writer.set('key', 'value')).toBe('OK');
  });
});

async function forwardForTest(
  from: { readonly host: string; readonly port: number },
  to: RedisServer,
): Promise<void> {
  const stop = await forward(from, to.port);
  onTestFinished(stop);
}

describe('primaryEndpoint', () => {
  let port: number;

  /** A zone of names with addresses that a test may change. */
  function zone(names: Record<string, readonly string[]>) {
    return {
      names,
      lookup: async (hostname: string) => {
        const addresses = names[hostname];
        if (addresses === undefined) throw new Error(`getaddrinfo ENOTFOUND ${hostname}`);
        return addresses;
      },
    };
  }

  beforeEach(async () => {
    const { master, heir } = rolesOf(group);
    port = await findFreePort();
    await forwardForTest({ host: '127.0.0.2', port }, master);
    await forwardForTest({ host: '127.0.0.3', port }, heir);
    await forwardForTest({ host: '127.0.0.4', port }, master);
  });

  test('follows the name when it moves', async () => {
    const { names, lookup } = zone({ 'primary.test': ['127.0.0.2'] });
    const { writer, whenMaster, whenTopology } = await openReplication(
      primaryEndpoint(`primary.test:${port}`, { lookup, resolveIntervalMs: 100 }),
    );
    const { master, heir } = rolesOf(group);
    expect(await writer.set('key', 'first')).toBe('OK');
    await master.kill();
    await promote(heir);
    await whenTopology(({ kind }) => kind === 'masterless');
    names['primary.test'] = ['127.0.0.3'];
    await whenMaster({ endpoint: `127.0.0.3:${port}` });
    expect(await writer.set('key', 'second')).toBe('OK');
    expect(await heir.command('GET', 'key')).toBe('second');
  });

  test('with a name for replicas does not wait for the name to move', async () => {
    const { lookup } = zone({ 'primary.test': ['127.0.0.2'], 'replicas.test': ['127.0.0.3'] });
    const { writer, reader, whenMaster } = await openReplication(
      primaryEndpoint(`primary.test:${port}`, { reader: `replicas.test:${port}`, lookup }),
    );
    const { master, heir } = rolesOf(group);
    await master.kill();
    await promote(heir);
    await whenMaster({ endpoint: `127.0.0.3:${port}` });
    expect(await writer.set('key', 'value')).toBe('OK');
    expect(await reader.get('key')).toBe('value');
  });

  test('recognises that the name for replicas leads to the master', async () => {
    const { lookup } = zone({ 'primary.test': ['127.0.0.2'], 'replicas.test': ['127.0.0.4'] });
    const { replication, reader, whenTopology } = await openReplication(
      primaryEndpoint(`primary.test:${port}`, { reader: `replicas.test:${port}`, lookup }),
    );
    const topology = await whenTopology(({ nodes }) => nodes.some(({ aliases }) => aliases !== undefined));
    expect(topology).toMatchObject({ kind: 'steady', generation: 1, nodes: [{ kind: 'master' }] });
    expect(topology.nodes).toHaveLength(1);
    expect(await reader.get('key')).toBeNull();
    expect(replication.latest.kind).toBe('steady');
  });
});
