import type { FailoverRecord, RedisFailovers } from 'nestjs-redis-replication';
import { getRedisFailoversToken } from 'nestjs-redis-replication';
import { startRedisGroup, type RedisGroup } from 'nestjs-redis-replication/testing';
import { filter, firstValueFrom, map } from 'rxjs';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { startCluster } from '../support/cluster-group.js';
import { rolesOf } from '../support/group-roles.js';
import { openCluster, shardOf } from '../support/open-cluster.js';
import { openReplication } from '../support/open-replication.js';
import { startLoad } from '../support/steady-load.js';
import { startApp } from '../support/test-app.js';

let group: RedisGroup;

beforeAll(async () => {
  group = await startRedisGroup({ replicas: 2 });
});

beforeEach(() => group.restore());

afterAll(() => group.stop());

type Complete = FailoverRecord & { readonly kind: 'complete' };

const isComplete = (record: FailoverRecord): record is Complete => record.kind === 'complete';

function whenComplete({ failovers$ }: RedisFailovers, shard?: string): Promise<Complete> {
  return firstValueFrom(
    failovers$.pipe(
      filter(isComplete),
      filter((record) => record.shard === shard),
    ),
  );
}

/** A writer under load, the nodes, and what became of its commands. */
async function openUnderLoad() {
  const { replication, writer, whenMaster, whenTopology } = await openReplication(group.endpoints);
  const load = startLoad(writer);
  onTestFinished(async () => void (await load.stop()));
  await load.whenAcknowledged(100);
  const totals = () => replication.ledger.counts().find(({ connection }) => connection === 'writer')?.totals;
  const whenMasterless = () => whenTopology(({ kind }) => kind === 'masterless');
  return { ...rolesOf(group), failovers: replication.failovers, totals, load, whenMaster, whenMasterless };
}

/** All four phases are there, and together they are the whole. */
function expectWhole({ phases, totalMs }: Complete & { readonly totalMs: number }): void {
  const { detectionMs, decisionMs, connectionMs = NaN, acknowledgementMs = NaN } = phases;
  expect(detectionMs + decisionMs + connectionMs + acknowledgementMs).toBeCloseTo(totalMs, 0);
}

function endedByWrite(record: Complete) {
  if (record.endedBy !== 'first write') throw new Error('The failover was followed by another');
  return record;
}

test('a master that is killed: the record says why, how long each phase took and what became of the commands', async () => {
  const { master, heir, failovers, load, totals, whenMasterless } = await openUnderLoad();
  const told: string[] = [];
  failovers.failovers$.subscribe(({ kind, to }) => told.push(`${kind} ${to}`));
  await group.failOver('kill', { to: heir, duringOutage: whenMasterless });
  const record = endedByWrite(await whenComplete(failovers));
  expect(record).toMatchObject({
    instance: 'default',
    generation: 2,
    from: master.endpoint,
    to: heir.endpoint,
    cause: 'connection closed',
    proof: 'history',
  });
  expectWhole(record);
  expect(record.nodes.map(({ endpoint }) => endpoint)).toEqual(group.endpoints.toSorted());
  expect(record.nodes.find(({ endpoint }) => endpoint === master.endpoint)).toMatchObject({
    kind: 'unusable',
  });
  expect(told).toEqual([`open ${heir.endpoint}`, `complete ${heir.endpoint}`]);
  expect(failovers.lastFailover).toEqual(record);
  const { increments, pushes } = await load.stop();
  expect(record.commands.unknown).toBe(increments.unknown.length + pushes.unknown.length);
  expect(record.commands).toMatchObject({ held: totals()?.held, sentAgain: 0, notApplied: 0 });
  expect(record.commands.held).toBeGreaterThan(0);
  expect(totals()).toMatchObject({
    sent: totals()?.held,
    unknown: { 'reply lost': record.commands.unknown },
  });
});

test('a master that hangs: the record says so, and what was sent to it has an unknown outcome', async () => {
  const { master, heir, failovers, load, whenMasterless } = await openUnderLoad();
  await group.failOver('hang', { to: heir, duringOutage: whenMasterless });
  const record = endedByWrite(await whenComplete(failovers));
  expect(record).toMatchObject({
    from: master.endpoint,
    to: heir.endpoint,
    cause: 'hung',
    signal: 'reply timed out',
  });
  expect(record.nodes.find(({ endpoint }) => endpoint === master.endpoint)).toMatchObject({
    fault: 'TIMEOUT',
  });
  expectWhole(record);
  const { increments, pushes } = await load.stop();
  expect(record.commands.unknown).toBe(increments.unknown.length + pushes.unknown.length);
  expect(record.commands.unknown).toBeGreaterThan(0);
});

test('a hand-over by FAILOVER: no command is lost, and what the master refused is sent again', async () => {
  const { master, heir, failovers, load, whenMaster } = await openUnderLoad();
  const handedOver = group.failOver('planned', { to: heir });
  await whenMaster(heir);
  const record = endedByWrite(await whenComplete(failovers));
  await handedOver;
  expect(record).toMatchObject({
    from: master.endpoint,
    to: heir.endpoint,
    commands: { unknown: 0, notApplied: 0 },
  });
  expect(['hand-over', 'demoted', 'polling']).toContain(record.cause);
  expectWhole(record);
  const { increments, pushes, failures } = await load.stop();
  expect([increments.unknown, pushes.unknown, failures]).toEqual([[], [], []]);
});

test('a promotion by Sentinel: the record has the node that it chose', async () => {
  const own = await startRedisGroup({ replicas: 2, sentinels: 3 });
  onTestFinished(() => own.stop());
  const { replication, writer } = await openReplication(own.endpoints);
  const load = startLoad(writer);
  onTestFinished(async () => void (await load.stop()));
  await load.whenAcknowledged(100);
  const { from, to } = await own.failOver('sentinel');
  const record = await whenComplete(replication.failovers);
  expect([record.from, record.to]).toEqual([from.endpoint, to.endpoint]);
  expect(record.proof).toBe('history');
});

test('a shard of a cluster: the record names it, and has only what became of its commands', async () => {
  const cluster = await startCluster({ elections: true });
  onTestFinished(() => cluster.stop());
  const { replication, writer, whenTopology } = await openCluster(cluster.endpoints.slice(0, 2));
  const master = await cluster.masterOf('{b}');
  const before = await whenTopology(({ kind }) => kind === 'steady');
  const shard = shardOf(before, '{b}');
  await Promise.all(['{a}', '{b}', '{c}'].map((key) => writer.incr(key)));
  await master.kill();
  const written = writer.incr('{b}').catch(() => writer.incr('{b}'));
  const record = await whenComplete(replication.failovers, shard?.id);
  await written;
  expect(record).toMatchObject({ shard: shard?.id, from: master.endpoint, cause: 'connection closed' });
  expect(record.commands.held).toBeGreaterThan(0);
  expect(replication.failovers.failovers).toHaveLength(1);
  const counted = replication.ledger.counts().filter(({ totals }) => totals.held > 0);
  expect(counted.map((each) => each.shard)).toEqual([shard?.id]);
});

test('an app gets the failovers by injection, with those that were before it subscribed, and the line says it all', async () => {
  const { heir } = rolesOf(group);
  const app = await startApp(group.endpoints);
  const failovers: RedisFailovers = app.context.get(getRedisFailoversToken());
  expect(failovers.lastFailover).toBeUndefined();
  await group.failOver('kill', { to: heir });
  await app.writer.set('key', 'value');
  await whenComplete(failovers);
  expect(await firstValueFrom(failovers.failovers$.pipe(map(({ to }) => to)))).toBe(heir.endpoint);
  const lines = app.logs.of().filter(({ code }) => code === 'RR101' || code === 'RR102');
  expect(lines.map(({ level, code }) => `${level} ${code}`)).toEqual(['warn RR101', 'log RR102']);
  expect(lines[1]?.text).toMatch(
    /^failover to \S+ is complete after [\d.]+ ms: detected in [\d.]+ ms, decided in [\d.]+ ms, connected in [\d.]+ ms, first write in [\d.]+ ms; \d+ commands held, 0 sent again, 0 unknown, 0 not applied, generation 2$/,
  );
});
