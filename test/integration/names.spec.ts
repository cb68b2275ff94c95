import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { primaryEndpoint, staticNodes } from 'nestjs-redis-replication';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { dial } from '../../lib/sockets/dial.js';
import { rememberAddresses } from '../../lib/sockets/remember-addresses.js';
import type { Reply } from '../support/dns-message.js';
import { startDnsServer, type DnsServer } from '../support/dns-server.js';
import { openReplication } from '../support/open-replication.js';
import { readInfo } from '../../lib/testing/servers/info.js';
import { startRedisServer, type RedisServer } from '../../lib/testing/servers/redis-server.js';
import { follow, plannedSwap, promote } from '../../lib/testing/servers/replication.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { startProxy } from '../../lib/testing/network/tcp-proxy.js';
import { until } from '../../lib/testing/servers/until.js';

/** As on separate machines: each node has an address of its own and the same port. */
const hosts = ['127.0.0.11', '127.0.0.12', '127.0.0.13'];
const PRIMARY = 'primary.test';
const REPLICAS = 'replicas.test';

let dns: DnsServer;

beforeEach(async () => {
  dns = await startDnsServer();
});

function leadTo(name: string, ...addresses: readonly string[]): void {
  dns.zone[name] = { addresses };
}

function names(port: number, options: { readonly reader?: string } = {}) {
  return primaryEndpoint(`${PRIMARY}:${port}`, { ...options, lookup: dns.lookup, resolveIntervalMs: 100 });
}

async function start() {
  const group = await startGroup({ hosts });
  onTestFinished(() => group.stop());
  const [a, b, c] = group.nodes;
  if (a === undefined || b === undefined || c === undefined) throw new Error('The group has three nodes');
  leadTo(PRIMARY, a.host);
  leadTo(REPLICAS, b.host, c.host);
  return { group, a, b, c, port: a.port };
}

/** Names for the master and for the replicas, as managed services have them. */
async function startBehindNames() {
  const started = await start();
  const app = await openReplication(names(started.port, { reader: `${REPLICAS}:${started.port}` }));
  return { ...started, ...app };
}

describe('a name that is late', () => {
  test('does not delay writes: the new master is found among the addresses that are known', async () => {
    const { group, a, b, c, writer, replication, whenMaster, whenTopology } = await startBehindNames();
    await plannedSwap(group.nodes, b);
    await whenMaster(b);
    expect(await writer.set('key', 'value')).toBe('OK');
    expect(replication.latest.generation).toBe(2);
    leadTo(PRIMARY, b.host);
    leadTo(REPLICAS, a.host, c.host);
    await whenTopology(({ nodes }) => nodes.filter(({ kind }) => kind === 'replica').length === 2);
    expect(replication.latest).toMatchObject({ kind: 'steady', master: b.endpoint, generation: 2 });
  });

  test('does not turn writes back when it moves again, through two failovers in a row', async () => {
    const { group, b, c, port, writer, replication, whenMaster } = await startBehindNames();
    await plannedSwap(group.nodes, b);
    await whenMaster(b);
    await plannedSwap(group.nodes, c);
    await whenMaster(c);
    leadTo(PRIMARY, b.host);
    const asked = dns.questions.length;
    await until('the names were resolved again', () => dns.questions.length > asked + 8);
    expect(await writer.set('key', 'value')).toBe('OK');
    expect(await c.command('GET', 'key')).toBe('value');
    expect(replication.latest).toMatchObject({ master: `${c.host}:${port}`, generation: 3 });
  });
});

test('a name that moves before the role does changes nothing until there is a new master', async () => {
  const { group, a, b, writer, replication, whenMaster, whenTopology } = await startBehindNames();
  leadTo(PRIMARY, b.host);
  await whenTopology(({ nodes }) =>
    nodes.some(({ endpoint, kind }) => endpoint === b.endpoint && kind === 'replica'),
  );
  expect(await writer.set('key', 'before')).toBe('OK');
  expect(replication.latest).toMatchObject({ master: a.endpoint, generation: 1 });
  await plannedSwap(group.nodes, b);
  await whenMaster(b);
  expect(await writer.set('key', 'after')).toBe('OK');
});

test('a name that gives one replica at a time leads to all of them', async () => {
  const { b, c, port } = await start();
  leadTo(REPLICAS, b.host);
  const { whenTopology } = await openReplication(names(port, { reader: `${REPLICAS}:${port}` }));
  leadTo(REPLICAS, c.host);
  await whenTopology(({ nodes }) => nodes.length === 3);
  const asked = dns.questions.length;
  leadTo(REPLICAS, b.host);
  await until('the names were resolved again', () => dns.questions.length > asked + 8);
  const { nodes } = await whenTopology((topology) => topology.kind === 'steady');
  expect(nodes.map(({ endpoint }) => endpoint).toSorted()).toEqual(hosts.map((host) => `${host}:${port}`));
});

test('a name for replicas that leads to the master adds no node, and reads go there', async () => {
  const { a, port } = await start();
  leadTo(REPLICAS, a.host);
  const { reader, writer, replication } = await openReplication(
    names(port, { reader: `${REPLICAS}:${port}` }),
  );
  await writer.set('key', 'value');
  expect(await reader.get('key')).toBe('value');
  expect(replication.latest.nodes.map(({ endpoint }) => endpoint)).toEqual([a.endpoint]);
});

test('names that are exchanged together with the roles are one failover', async () => {
  const { group, a, b, writer, replication, whenMaster, whenTopology } = await startBehindNames();
  await plannedSwap(group.nodes, b);
  leadTo(PRIMARY, b.host);
  leadTo(REPLICAS, a.host);
  await whenMaster(b);
  expect(await writer.set('key', 'value')).toBe('OK');
  await whenTopology(({ nodes }) =>
    nodes.some(({ endpoint, kind }) => endpoint === a.endpoint && kind === 'replica'),
  );
  expect(replication.latest.generation).toBe(2);
});

test('another group behind the name is used as soon as the old master is gone', async () => {
  const { group, a, port, writer, replication, whenTopology } = await startBehindNames();
  await writer.set('key', 'blue');
  const green = await startRedisServer({ host: '127.0.0.14', port });
  onTestFinished(() => green.stop());
  leadTo(PRIMARY, green.host);
  await whenTopology(({ nodes }) => nodes.some(({ endpoint }) => endpoint === green.endpoint));
  expect(replication.latest).toMatchObject({ master: a.endpoint });
  await group.stop();
  expect(await writer.set('key', 'green')).toBe('OK');
  expect(await green.command('GET', 'key')).toBe('green');
  expect(replication.latest.lastFailover).toMatchObject({ to: green.endpoint, proof: 'authority' });
});

describe('one address for the whole group, behind a name', () => {
  async function startBehindBalancer() {
    const { a, b } = await start();
    const balancer = await startProxy(a.port, { host: '127.0.0.21', targetHost: a.host });
    onTestFinished(() => balancer.stop());
    leadTo(PRIMARY, balancer.host);
    const app = await openReplication(names(balancer.port));
    await app.writer.set('key', 'before');
    return { a, b, balancer, ...app };
  }

  test('is dialled anew although a balancer keeps the connections to the demoted master open', async () => {
    const { a, b, balancer, writer } = await startBehindBalancer();
    balancer.leadTo(b.port, b.host);
    await promote(b);
    await follow(a, b);
    expect(await writer.set('key', 'after')).toBe('OK');
    expect(await b.command('GET', 'key')).toBe('after');
  });

  test('is used again at once where a balancer serves only a master and refuses in between', async () => {
    const { a, b, balancer, writer, whenTopology } = await startBehindBalancer();
    balancer.refuse();
    balancer.cut();
    await whenTopology(({ kind }) => kind === 'masterless');
    await promote(b);
    await follow(a, b);
    balancer.leadTo(b.port, b.host);
    await balancer.accept();
    expect(await writer.set('key', 'after')).toBe('OK');
    expect(await b.command('GET', 'key')).toBe('after');
  });
});

describe('a name server that fails', () => {
  const failures: readonly (readonly [string, Reply])[] = [
    ['says that the name does not exist', 'NXDOMAIN'],
    ['cannot answer', 'SERVFAIL'],
    ['is silent', 'silent'],
    ['gives no address', { addresses: [] }],
  ];

  test.each(failures)('and %s takes no node away', async (_what, reply) => {
    const { a, b, c, port, writer, replication, whenMaster } = await startBehindNames();
    dns.zone[PRIMARY] = reply;
    dns.zone[REPLICAS] = reply;
    const asked = dns.questions.length;
    await plannedSwap([a, b, c], b);
    await whenMaster(b);
    expect(await writer.set('key', 'value')).toBe('OK');
    await until('the names were resolved again', () => dns.questions.length > asked + 4);
    expect(replication.latest.nodes.map(({ endpoint }) => endpoint).toSorted()).toEqual(
      hosts.map((host) => `${host}:${port}`),
    );
  });

  test('to fit the answer into one datagram is asked again by TCP', async () => {
    const { a, port } = await start();
    dns.zone[PRIMARY] = { addresses: [a.host], isTruncated: true };
    const { writer } = await openReplication(names(port));
    expect(await writer.set('key', 'value')).toBe('OK');
  });
});

describe('the time to live of an answer', () => {
  test('is respected while nothing happens, and not after a signal', async () => {
    const { group, a, b, port } = await start();
    dns.zone[PRIMARY] = { addresses: [a.host], ttl: 3600 };
    const { writer, whenTopology, whenMaster } = await openReplication(names(port));
    const [asked, probes] = [dns.questions.length, await countCommands(a)];
    // They come every 50 ms: there was time for ten questions.
    await until('the node was probed 20 times', async () => (await countCommands(a)) > probes + 60);
    expect(dns.questions).toHaveLength(asked);
    leadTo(PRIMARY, b.host);
    await a.kill();
    await plannedSwap(group.nodes.slice(1), b);
    await whenTopology(({ nodes }) => nodes.some(({ endpoint }) => endpoint === b.endpoint));
    await whenMaster(b);
    expect(await writer.set('key', 'value')).toBe('OK');
  });
});

async function countCommands(node: RedisServer): Promise<number> {
  return Number((await readInfo(node, 'stats')).get('total_commands_processed'));
}

/** As a stateful set behind a headless Service has them: each name leads to one pod, at a new address after each restart. */
describe('names of nodes', () => {
  const podNames = ['redis-0.redis.test', 'redis-1.redis.test', 'redis-2.redis.test'];

  /** What `net.connect` asks, answered by the name server. */
  const lookup: LookupFunction = (hostname, { all }, callback) => {
    dns.lookup(hostname).then(
      (found) => {
        const answers = found.map(({ address }): LookupAddress => ({ address, family: 4 }));
        const [first] = answers;
        if (all === true) callback(null, answers);
        else callback(null, first?.address ?? '', 4);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), '', 4),
    );
  };

  test('whose addresses change are followed, one restart after the other and the master last', async () => {
    const { group, port } = await start();
    group.nodes.forEach(({ host }, index) => leadTo(podNames[index] ?? '', host));
    const source = staticNodes(podNames.map((name) => `${name}:${port}`));
    const { writer, whenTopology } = await openReplication(source, {}, rememberAddresses(dial, lookup));
    await writer.set('key', 'before');
    const [a, b] = group.nodes;
    const moved = await move(group, 2, '127.0.0.33');
    await whenTopology(({ nodes }) => nodes[2]?.kind === 'replica');
    expect(moved.host).toBe('127.0.0.33');
    await (a && b && plannedSwap([a, b, moved], b));
    await a?.kill();
    expect(await writer.set('key', 'after')).toBe('OK');
    const back = await startRedisServer({ host: '127.0.0.31', port, args: replicaOf(b) });
    onTestFinished(() => back.stop());
    leadTo(podNames[0] ?? '', back.host);
    await whenTopology(({ nodes }) => nodes[0]?.kind === 'replica');
    expect(await b?.command('GET', 'key')).toBe('after');
  });

  /** Ends a replica and starts it at another address, under the same name. */
  async function move(group: ServerGroup, index: number, host: string): Promise<RedisServer> {
    const node = group.nodes[index];
    await node?.kill();
    const moved = await startRedisServer({ host, port: group.master.port, args: replicaOf(group.master) });
    onTestFinished(() => moved.stop());
    leadTo(podNames[index] ?? '', host);
    return moved;
  }

  function replicaOf(master: RedisServer | undefined): readonly string[] {
    return master === undefined ? [] : ['--replicaof', master.host, String(master.port)];
  }
});
