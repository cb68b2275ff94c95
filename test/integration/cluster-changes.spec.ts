import type { Cluster } from 'ioredis';
import { BehaviorSubject } from 'rxjs';
import { parseEndpoint } from 'nestjs-redis-replication';
import { onTestFinished, expect, test } from 'vitest';
import { slotOf } from '../../lib/cluster/slots.js';
import { beginMove, startCluster, type ClusterGroup, type ClusterOptions } from '../support/cluster-group.js';
import { idOf } from '../support/cluster-nodes.js';
import { openCluster, shardOf, type OpenCluster } from '../support/open-cluster.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { until } from '../../lib/testing/servers/until.js';

interface Stage extends OpenCluster {
  readonly group: ClusterGroup;
}

async function setStage(options: ClusterOptions = {}): Promise<Stage> {
  const group = await startCluster(options);
  onTestFinished(() => group.stop());
  return { ...(await openCluster(group.endpoints.slice(0, 1))), group };
}

/** Increments counters in the slot without pause: single commands, pipelines and transactions. The first error ends it. */
function load(writer: Cluster, tag: string) {
  const errors: unknown[] = [];
  const flow = { isOn: true };
  onTestFinished(() => void (flow.isOn = false));
  let count = 0;
  const forms: readonly (() => Promise<unknown>)[] = [
    () => writer.incr(`{${tag}}single`),
    async () => {
      const replies = await writer.pipeline().incr(`{${tag}}first`).incr(`{${tag}}second`).exec();
      for (const [error] of replies ?? []) if (error !== null) throw error;
    },
    async () => {
      const replies = await writer.multi().incr(`{${tag}}third`).incr(`{${tag}}fourth`).exec();
      for (const [error] of replies ?? []) if (error !== null) throw error;
    },
  ];
  const counts = forms.map(() => 0);
  const running = forms.map(async (issue, index) => {
    while (flow.isOn) {
      try {
        await issue();
        counts[index] = (counts[index] ?? 0) + 1;
        count += 1;
      } catch (error) {
        errors.push(error);
        flow.isOn = false;
      }
    }
  });
  return {
    errors,
    counts,
    get count() {
      return count;
    },
    async stop() {
      flow.isOn = false;
      await Promise.all(running);
    },
  };
}

test('slots move to another shard under load, and every command is executed once', async () => {
  const { writer, group } = await setStage();
  const tag = 'moving';
  const slot = slotOf(tag);
  const from = await group.masterOf(tag);
  const to = await group.masterOf(['a', 'b', 'c'].find((key) => Math.abs(slotOf(key) - slot) > 6000) ?? '');
  expect(to).not.toBe(from);
  const traffic = load(writer, tag);
  for (let round = 0; round < 4; round++) {
    const [source, target] = round % 2 === 0 ? [from, to] : [to, from];
    const before = traffic.count;
    await group.moveSlot(slot, source, target);
    await until('commands are executed there', () => traffic.count > before + 30, {
      state: () => traffic.errors.map(String),
    });
  }
  await traffic.stop();
  expect(traffic.errors).toEqual([]);
  const [single, pipelines, transactions] = traffic.counts.map(String);
  const names = ['single', 'first', 'second', 'third', 'fourth'];
  const values = await Promise.all(names.map((name) => writer.get(`{${tag}}${name}`)));
  expect(values).toEqual([single, pipelines, pipelines, transactions, transactions]);
});

test('slots on their way are told by the topology', async () => {
  const { whenTopology, group, writer } = await setStage();
  const [from, to] = [await group.masterOf('{a}'), await group.masterOf('{b}')];
  await writer.set('{a}here', 'value');
  await beginMove(slotOf('a'), from, to);
  const topology = await whenTopology((each) => (shardOf(each, 'a')?.migratingSlots.length ?? 0) > 0);
  expect(shardOf(topology, 'a')?.migratingSlots).toEqual([slotOf('a')]);
  // What has not moved yet is answered here, what is new is asked for there.
  expect(await writer.get('{a}here')).toBe('value');
  expect(await writer.set('{a}new', 'value')).toBe('OK');
  expect(await writer.pipeline().get('{a}here').set('{a}newer', 'value').exec()).toEqual([
    [null, 'value'],
    [null, 'OK'],
  ]);
});

test('a shard is added, gets slots, and is removed', async () => {
  const { writer, group, whenTopology } = await setStage();
  const from = await group.masterOf('a');
  await writer.set('a', 'value');
  const added = await group.add();
  await group.moveSlot(slotOf('a'), from, added);
  expect(await writer.get('a')).toBe('value');
  const id = await idOf(added);
  await whenTopology((topology) => shardOf(topology, 'a')?.id === id);
  expect(await writer.incr('{a}counter')).toBe(1);
  expect(await added.command('GET', '{a}counter')).toBe('1');
  await group.moveSlot(slotOf('a'), added, from);
  expect(await writer.incr('{a}counter')).toBe(2);
  await forget(group, added);
  await whenTopology(({ shards }) => shards.length === 3 && shards.every((shard) => shard.id !== id));
  expect(await writer.incr('{a}counter')).toBe(3);
});

test('a replica is added and removed', async () => {
  const { group, whenTopology } = await setStage();
  const master = await group.masterOf('a');
  const added = await group.add(master);
  const isListed = (endpoint: string) =>
    whenTopology(
      (topology) =>
        shardOf(topology, 'a')?.topology.nodes.some((node) => node.endpoint === endpoint) === true,
    );
  await isListed(added.endpoint);
  await forget(group, added);
  await whenTopology(
    (topology) =>
      shardOf(topology, 'a')?.topology.nodes.every((node) => node.endpoint !== added.endpoint) === true,
  );
});

async function forget(group: ClusterGroup, node: RedisServer): Promise<void> {
  const id = await idOf(node);
  await node.command('CLUSTER', 'RESET');
  const others = group.nodes.filter((each) => each !== node);
  await Promise.all(others.map((other) => other.command('CLUSTER', 'FORGET', id)));
}

test('commands that wait for a lost shard go where its slots are moved', async () => {
  const { writer, group, whenTopology } = await setStage();
  const master = await group.masterOf('a');
  const [replica] = await group.replicasOf(master);
  const heir = await group.masterOf('b');
  await replica?.kill();
  await master.kill();
  await whenTopology((topology) => shardOf(topology, 'a')?.topology.kind === 'masterless');
  const waiting = writer.set('a', 'value');
  const pipelined = writer.pipeline().incr('{a}counter').incr('{a}counter').exec();
  const heirId = await idOf(heir);
  await heir.command('CLUSTER', 'SETSLOT', slotOf('a'), 'NODE', heirId);
  await heir.command('CLUSTER', 'BUMPEPOCH');
  expect(await waiting).toBe('OK');
  expect(await pipelined).toEqual([
    [null, 1],
    [null, 2],
  ]);
  expect(await heir.command('GET', 'a')).toBe('value');
});

test('all nodes restart one after the other, each at a new address', async () => {
  const { writer, group } = await setStage({ args: ['--appendonly', 'yes'] });
  const errors: unknown[] = [];
  const flow = { isOn: true };
  const running = (async () => {
    while (flow.isOn) {
      await writer.incr('{a}counter').catch((error: unknown) => errors.push(error));
    }
  })();
  for (const node of group.nodes.slice()) {
    await group.restartElsewhere(node);
    await group.whenSettled();
  }
  expect(await writer.set('a', 'value')).toBe('OK');
  expect(await writer.set('b', 'value')).toBe('OK');
  flow.isOn = false;
  await running;
  // A restart loses the reply of what was under way, and nothing else fails.
  for (const error of errors) expect(error).toHaveProperty('name', 'UnknownOutcomeError');
  expect(errors.length).toBeLessThanOrEqual(group.nodes.length);
}, 60_000);

test('all nodes restart at once at new addresses that the source of nodes tells', async () => {
  const group = await startCluster({ args: ['--appendonly', 'yes'] });
  onTestFinished(() => group.stop());
  const lists$ = new BehaviorSubject(group.endpoints.map(parseEndpoint));
  const { writer } = await openCluster([], { cluster: { nodes: () => lists$ } });
  await writer.set('a', 'before');
  await group.restartAllElsewhere();
  const waiting = writer.set('a', 'after');
  lists$.next(group.endpoints.map(parseEndpoint));
  expect(await waiting).toBe('OK');
  expect(await writer.get('a')).toBe('after');
}, 60_000);
