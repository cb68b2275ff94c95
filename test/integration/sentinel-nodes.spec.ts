import { sentinelNodes } from 'nestjs-redis-replication';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { channels } from '../../lib/sources/sentinel/events.js';
import { masterOf } from '../../lib/topology/topology.js';
import { startFakeSentinel } from '../support/fake-sentinel.js';
import { readInfo } from '../../lib/testing/servers/info.js';
import { openReplication, type OpenReplication } from '../support/open-replication.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { follow, promote, whenInSync } from '../../lib/testing/servers/replication.js';
import { startSentinels, type SentinelGroup } from '../../lib/testing/servers/sentinel-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { readLoad, startLoad } from '../support/steady-load.js';
import { until } from '../../lib/testing/servers/until.js';

let group: ServerGroup;
let sentinels: SentinelGroup;

beforeAll(async () => {
  group = await startGroup();
  sentinels = await startSentinels(group);
});

afterAll(async () => {
  await sentinels?.stop();
  await group?.stop();
});

beforeEach(async () => {
  const state = { timeoutMs: 45_000 };
  await until('all nodes replicate, and all Sentinels name the master', isSettled, state);
  await sentinels.whenSettled(await currentMaster());
}, 90_000);

async function isSettled(): Promise<boolean> {
  const master = await currentMaster();
  const named = await Promise.all(sentinels.sentinels.map(namedBy));
  const infos = await Promise.all(group.nodes.map((node) => readInfo(node, 'replication')));
  return (
    named.every((endpoint) => endpoint === master.endpoint) &&
    infos.every((info, index) =>
      group.nodes[index] === master
        ? info.get('role') === 'master' && info.get('connected_slaves') === '2'
        : info.get('master_port') === String(master.port) && info.get('master_link_status') === 'up',
    )
  );
}

const source = (endpoints: readonly string[] = sentinels.endpoints) =>
  sentinelNodes({ name: sentinels.name, sentinels: endpoints });

async function currentMaster(): Promise<RedisServer> {
  const [sentinel] = sentinels.sentinels;
  const endpoint = sentinel && (await namedBy(sentinel));
  const master = group.nodes.find((node) => node.endpoint === endpoint);
  if (master === undefined) throw new Error(`The Sentinels name none of the group: ${endpoint}`);
  return master;
}

async function namedBy(sentinel: RedisServer): Promise<string> {
  const address = await sentinel.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', sentinels.name);
  return Array.isArray(address) ? address.join(':') : '';
}

function othersThan(node: RedisServer): readonly RedisServer[] {
  return group.nodes.filter((each) => each !== node);
}

async function openLoaded() {
  const opened = await openReplication(source());
  await opened.whenTopology(
    ({ nodes }) => nodes.length === 3 && nodes.every(({ kind }) => kind !== 'pending'),
  );
  const load = startLoad(opened.writer);
  onTestFinished(async () => void (await load.stop()));
  await load.whenAcknowledged(50);
  return { ...opened, load };
}

/** Waits for the next master; returns it. */
async function whenMoved({ whenTopology }: OpenReplication, from: RedisServer): Promise<RedisServer> {
  const topology = await whenTopology((next) => next.kind === 'steady' && masterOf(next) !== from.endpoint);
  const to = group.nodes.find(({ endpoint }) => endpoint === masterOf(topology));
  if (to === undefined) throw new Error('The new master is none of the group');
  return to;
}

describe('a failover by Sentinels', () => {
  test('that is ordered is followed before the Sentinels tell it, and no command fails', async () => {
    const from = await currentMaster();
    const { load, ...opened } = await openLoaded();
    await sentinels.failover();
    const to = await whenMoved(opened, from);
    await load.whenAcknowledged(100);
    const result = await load.stop();
    expect(result.failures).toEqual([]);
    const { numbers } = await readLoad(to);
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
    await sentinels.whenAllName(to);
    expect(masterOf(opened.replication.latest)).toBe(to.endpoint);
  });

  test('because the master was killed is followed, and no command fails', async () => {
    const from = await currentMaster();
    const { load, ...opened } = await openLoaded();
    await from.kill();
    const to = await whenMoved(opened, from);
    await load.whenAcknowledged(100);
    expect((await load.stop()).failures).toEqual([]);
    await sentinels.whenAllName(to);
    await from.restart();
    await follow(from, to);
  });

  test('because the master hangs is followed, and no command fails', async () => {
    const from = await currentMaster();
    const { load, ...opened } = await openLoaded();
    from.hang();
    onTestFinished(() => from.resume());
    const to = await whenMoved(opened, from);
    await load.whenAcknowledged(100);
    expect((await load.stop()).failures).toEqual([]);
    await sentinels.whenAllName(to);
    from.resume();
    // Sentinels that cannot agree try again only after twice their failover timeout.
  }, 60_000);

  test('by hand, while all Sentinels are down, is followed as without them', async () => {
    const from = await currentMaster();
    const { load, notes, ...opened } = await openLoaded();
    await Promise.all(sentinels.sentinels.map((each) => each.kill()));
    onTestFinished(() =>
      Promise.all(sentinels.sentinels.map((each) => each.restart())).then(() => undefined),
    );
    await until('it is told', () => notes.filter((note) => note.includes('cannot be used')).length === 3);
    const [to, other] = othersThan(from);
    if (to === undefined || other === undefined) throw new Error('There are two replicas');
    await promote(to);
    await Promise.all([follow(from, to), follow(other, to)]);
    expect(await whenMoved({ notes, ...opened }, from)).toBe(to);
    await load.whenAcknowledged(100);
    expect((await load.stop()).failures).toEqual([]);
    expect(opened.replication.latest.nodes).toHaveLength(3);
    // Back, so that the Sentinels find what they remember.
    await whenInSync(to, [from, other]);
    await promote(from);
    await Promise.all([follow(to, from), follow(other, from)]);
  });
});

test('Sentinels that are replaced one by one are followed, until none of the first is left', async () => {
  const master = await currentMaster();
  const own = await startSentinels(group, { name: 'own', master, downAfterMs: 60_000 });
  onTestFinished(() => own.stop());
  const [first, ...rest] = own.sentinels;
  if (first === undefined) throw new Error('There are three Sentinels');
  const opened = await openReplication(sentinelNodes({ name: 'own', sentinels: [first.endpoint] }));
  for (const old of [first, ...rest]) {
    const added = await own.add();
    await until('the new Sentinel is followed', () => isFollowed(added), { timeoutMs: 15_000 });
    await own.forget(old);
  }
  expect(await Promise.all(own.sentinels.map(isFollowed))).toEqual([true, true, true]);
  expect(opened.replication.latest.nodes).toHaveLength(3);
  expect(await opened.writer.set('key', 'value')).toBe('OK');
}, 90_000);

/** Only this source subscribes to that many events; Sentinels talk to one another over the nodes. */
async function isFollowed(sentinel: RedisServer): Promise<boolean> {
  return String(await sentinel.command('CLIENT', 'LIST')).includes(`sub=${channels.length} `);
}

describe('a Sentinel that lies', () => {
  test('names a stranger as master, and no write goes there', async () => {
    const stranger = await startGroup({ replicas: 0 });
    onTestFinished(() => stranger.stop());
    const master = await currentMaster();
    const liar = await startFakeSentinel({
      nodes: [stranger.master.endpoint, ...othersThan(master).map(({ endpoint }) => endpoint)],
      others: [],
    });
    onTestFinished(() => liar.stop());
    const { writer, replication, whenMaster } = await openReplication(
      source([liar.endpoint, ...sentinels.endpoints]),
    );
    await whenMaster(master);
    expect(await writer.set('key', 'value')).toBe('OK');
    liar.publish(
      '+switch-master',
      `main ${master.host} ${master.port} ${stranger.master.host} ${stranger.master.port}`,
    );
    expect(await writer.set('key', 'other')).toBe('OK');
    expect(await master.command('GET', 'key')).toBe('other');
    expect(await stranger.master.command('DBSIZE')).toBe(0);
    expect(replication.latest.nodes.map(({ endpoint }) => endpoint)).not.toContain(stranger.master.endpoint);
  });

  test('names a replica as master, and no write goes there', async () => {
    const master = await currentMaster();
    const [replica, other] = othersThan(master);
    if (replica === undefined || other === undefined) throw new Error('There are two replicas');
    const liar = await startFakeSentinel({ nodes: [replica, master, other].map(({ endpoint }) => endpoint) });
    onTestFinished(() => liar.stop());
    const { writer, replication } = await openReplication(source([liar.endpoint]));
    expect(await writer.set('key', 'value')).toBe('OK');
    expect(masterOf(replication.latest)).toBe(master.endpoint);
  });
});

test('the majority of the Sentinels settles which of two masters without a common history is meant', async () => {
  const [first, second] = [await startGroup({ replicas: 0 }), await startGroup({ replicas: 0 })];
  onTestFinished(async () => void (await Promise.all([first.stop(), second.stop()])));
  const [before, after] = [first.master, second.master];
  const nodes = [before.endpoint, after.endpoint];
  const three = await Promise.all([1, 2, 3].map(() => startFakeSentinel({ nodes })));
  onTestFinished(async () => void (await Promise.all(three.map((each) => each.stop()))));
  const opened = await openReplication(source(three.map(({ endpoint }) => endpoint)));
  await opened.whenMaster(before);
  const [one, ...others] = three;
  const moves = `main ${before.host} ${before.port} ${after.host} ${after.port}`;
  one?.update({ nodes: nodes.toReversed() });
  one?.publish('+switch-master', moves);
  await before.kill();
  await opened.whenTopology(
    ({ kind, nodes: seen }) => kind === 'contested' && seen.some((each) => each.kind === 'unusable'),
  );
  for (const each of others) {
    each.update({ nodes: nodes.toReversed() });
    each.publish('+switch-master', moves);
  }
  const { lastFailover } = await opened.whenMaster(after);
  expect(lastFailover).toMatchObject({ from: before.endpoint, to: after.endpoint, proof: 'authority' });
  expect(await opened.writer.set('key', 'value')).toBe('OK');
});
