import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Redis } from 'ioredis';
import { discoverNodes, staticNodes, UnknownOutcomeError } from 'nestjs-redis-replication';
import { describe, expect, onTestFinished, test } from 'vitest';
import { monotonicMs } from '../../lib/clock/clock.js';
import { dial } from '../../lib/sockets/dial.js';
import { rememberAddresses } from '../../lib/sockets/remember-addresses.js';
import { startDnsServer } from '../support/dns-server.js';
import { openReplication } from '../support/open-replication.js';
import { startRedisServer, type RedisServer } from '../../lib/testing/servers/redis-server.js';
import {
  failoverTo,
  follow,
  plannedSwap,
  promote,
  whenInSync,
} from '../../lib/testing/servers/replication.js';
import { startGroup, type GroupOptions } from '../../lib/testing/servers/server-group.js';
import { serverAtLeast } from '../support/server-under-test.js';
import { until } from '../../lib/testing/servers/until.js';

/*
 * What managed services do to their servers and to their clients, done to real servers.
 */

async function start(options: GroupOptions = {}) {
  const group = await startGroup(options);
  onTestFinished(() => group.stop());
  const [a, b, c] = group.nodes;
  if (a === undefined || b === undefined || c === undefined) throw new Error('The group has three nodes');
  return { group, a, b, c };
}

/** Writes one by one, as fast as it can, and keeps what failed. */
function startWriting(writer: Redis) {
  const failures: unknown[] = [];
  const load = { on: true };
  // Also if the test fails: on a closed connection it would fail without a pause for ever.
  onTestFinished(() => void (load.on = false));
  const done = (async () => {
    while (load.on) await writer.incr('count').catch((error: unknown) => failures.push(error));
  })();
  return {
    failures,
    async stop() {
      load.on = false;
      await done;
    },
  };
}

describe('commands that a provider has taken away', () => {
  /** A pair, since neither the test nor the server that copies may ask for `INFO` here. */
  async function startPairWithout(commands: readonly string[]) {
    const args = commands.flatMap((command) => ['--rename-command', command, '']);
    const a = await startRedisServer({ args });
    onTestFinished(() => a.stop());
    const b = await startRedisServer({ args: [...args, '--replicaof', a.host, String(a.port)] });
    onTestFinished(() => b.stop());
    await a.command('SET', 'copied', 'yes');
    await until('the replica has its copy', async () => {
      const copied = await b.command('GET', 'copied').catch(() => undefined);
      return copied === 'yes';
    });
    return { a, b };
  }

  test.each([
    [['CLIENT', 'CONFIG']],
    [['ROLE']],
    [['HELLO']],
    [['INFO']],
    [['INFO', 'ROLE']],
    [['INFO', 'HELLO']],
    [['CLIENT', 'CONFIG', 'INFO', 'HELLO', 'ACL', 'DEBUG']],
    [['XREAD', 'PUBLISH', 'SUBSCRIBE', 'PUBSUB']],
  ])('do not keep writes from following a swap: %j', async (commands) => {
    const { a, b } = await startPairWithout(commands);
    const { writer, reader, whenMaster } = await openReplication([a.endpoint, b.endpoint]);
    expect(await writer.set('key', 'before')).toBe('OK');
    await promote(b);
    await follow(a, b);
    await whenMaster(b);
    expect(await writer.set('key', 'after')).toBe('OK');
    expect(await b.command('GET', 'key')).toBe('after');
    expect(await reader.exists('copied')).toBe(1);
  });
});

test('connections that are closed at a failover, instead of refused, lose at most what was in flight', async () => {
  const { group, a, b } = await start();
  const { writer, whenMaster } = await openReplication(group.endpoints);
  const load = startWriting(writer);
  await plannedSwap(group.nodes, b);
  await a.command('CLIENT', 'KILL', 'TYPE', 'normal');
  await whenMaster(b);
  expect(await writer.set('key', 'value')).toBe('OK');
  await load.stop();
  expect(load.failures.filter((error) => !(error instanceof UnknownOutcomeError))).toEqual([]);
  expect(load.failures.length).toBeLessThanOrEqual(1);
});

describe('addresses in INFO that an app cannot reach', () => {
  const announced = ['--replica-announce-ip', '192.0.2.1', '--replica-announce-port', '6379'];

  test('do not matter where the nodes are listed', async () => {
    const { group, a, b } = await startAnnounced();
    const { writer, replication, whenMaster } = await openReplication([a.endpoint, b.endpoint]);
    expect(await writer.set('key', 'before')).toBe('OK');
    await group();
    await whenMaster(b);
    expect(await writer.set('key', 'after')).toBe('OK');
    expect(replication.latest.nodes.map(({ endpoint }) => endpoint).toSorted()).toEqual(
      [a.endpoint, b.endpoint].toSorted(),
    );
  });

  test('are translated where the nodes are discovered', async () => {
    const { group, a, b } = await startAnnounced();
    const source = discoverNodes([a.endpoint], {
      mapEndpoint: ({ host, port }) =>
        host === '192.0.2.1' ? { host: b.host, port: b.port } : { host, port },
    });
    const { writer, whenMaster, whenTopology } = await openReplication(source);
    await whenTopology(({ nodes }) => nodes.length === 2 && nodes.every(({ reachable }) => reachable));
    await group();
    await whenMaster(b);
    expect(await writer.set('key', 'after')).toBe('OK');
  });

  async function startAnnounced() {
    const a = await startRedisServer();
    onTestFinished(() => a.stop());
    const b = await startRedisServer({ args: [...announced, '--replicaof', a.host, String(a.port)] });
    onTestFinished(() => b.stop());
    await until('the replica is in sync', async () =>
      String(await b.command('INFO')).includes('link_status:up'),
    );
    return { a, b, group: () => plannedSwap([a, b], b) };
  }
});

test('a maintenance window that swaps to the replica and back loses no write and fails none', async () => {
  const { group, a, b, c } = await start();
  const { writer, replication, whenMaster } = await openReplication(group.endpoints);
  const load = startWriting(writer);
  await failoverTo(a, b);
  await follow(c, b);
  await whenMaster(b);
  await whenInSync(b, [a, c]);
  await failoverTo(b, a);
  await whenMaster(a);
  await load.stop();
  const count = Number(await writer.get('count'));
  expect(load.failures).toEqual([]);
  expect(count).toBeGreaterThan(0);
  expect(Number(await a.command('GET', 'count'))).toBe(count);
  expect(replication.latest).toMatchObject({ kind: 'steady', generation: 3 });
});

/** Names that lead to the addresses of a name server of this test. */
async function startNames() {
  const dns = await startDnsServer();
  const lookup: LookupFunction = (hostname, { all }, callback) => {
    dns.lookup(hostname).then(
      (found) => {
        const answers = found.map(({ address }): LookupAddress => ({ address, family: 4 }));
        if (all === true) callback(null, answers);
        else callback(null, answers[0]?.address ?? '', 4);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), '', 4),
    );
  };
  return {
    leadTo: (name: string, node: RedisServer) => void (dns.zone[name] = { addresses: [node.host] }),
    remove: (name: string) => void (dns.zone[name] = 'NXDOMAIN'),
    dial: rememberAddresses(dial, lookup),
  };
}

describe('a group behind the names of its nodes', () => {
  const names = ['node-1.test', 'node-2.test', 'node-3.test'];

  test('that is replaced by new and empty servers is used again, and the loss is told', async () => {
    const old = await start({ hosts: ['127.0.0.11', '127.0.0.12', '127.0.0.13'] });
    const { leadTo, dial: dialByName } = await startNames();
    old.group.nodes.forEach((node, index) => leadTo(names[index] ?? '', node));
    const { port } = old.a;
    const source = staticNodes(names.map((name) => `${name}:${port}`));
    const { writer, notes, replication } = await openReplication(source, {}, dialByName);
    await writer.set('key', 'old');
    // Of two answers one belongs to a question that was sent after the write.
    for (let answers = 0; answers < 2; answers++) {
      const at = monotonicMs();
      await until('it is probed', () => replication.hasAnsweredSince(`node-1.test:${port}`, at));
    }
    await old.group.stop();
    const [first, ...others] = await Promise.all(
      ['127.0.0.21', '127.0.0.22', '127.0.0.23'].map((host) => startRedisServer({ host, port })),
    );
    if (first === undefined) throw new Error('A server was started');
    onTestFinished(async () => void (await Promise.all([first, ...others].map((node) => node.stop()))));
    await Promise.all(others.map((node) => follow(node, first)));
    [first, ...others].forEach((node, index) => leadTo(names[index] ?? '', node));
    expect(await writer.set('key', 'new')).toBe('OK');
    expect(await first.command('GET', 'key')).toBe('new');
    // Redis 6.2 does not tell how many keys it has along with its role.
    const lossIsTold = /node-1.test:\d+ came back empty, and had 1 keys/.test(notes.join('\n'));
    expect(lossIsTold).toBe(serverAtLeast('Redis 7.0'));
  });

  test('that grows and shrinks is one group all along', async () => {
    const { group, a, b, c } = await start({ hosts: ['127.0.0.11', '127.0.0.12', '127.0.0.13'] });
    const { leadTo, remove, dial: dialByName } = await startNames();
    [a, b].forEach((node, index) => leadTo(names[index] ?? '', node));
    const source = staticNodes(names.map((name) => `${name}:${a.port}`));
    const { writer, whenTopology, replication } = await openReplication(source, {}, dialByName);
    const load = startWriting(writer);
    leadTo('node-3.test', c);
    await whenTopology(({ nodes }) => nodes.filter(({ kind }) => kind === 'replica').length === 2);
    remove('node-2.test');
    await b.kill();
    await whenTopology(({ nodes }) => nodes[1]?.reachable === false);
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(replication.latest).toMatchObject({ kind: 'steady', generation: 1 });
    expect(group.nodes).toHaveLength(3);
  });
});
