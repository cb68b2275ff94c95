import { filter, firstValueFrom } from 'rxjs';
import { expect, onTestFinished, test } from 'vitest';
import { rolesOf } from '../support/group-roles.js';
import { startRedisServer } from '../../lib/testing/servers/redis-server.js';
import { matching } from '../support/matchers.js';
import { follow, promote, whenInSync } from '../../lib/testing/servers/replication.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import { save } from '../support/save.js';
import {
  behindProxy,
  chain,
  cutReplication,
  errorsOf,
  expectContest,
  expectNoMore,
  giveReplica,
  inheritedBy,
  offsetOf,
  ours,
  promoteOver,
  setStage,
} from '../support/stale-masters.js';
import { startApp } from '../support/test-app.js';
import { until } from '../../lib/testing/servers/until.js';

test('a master that hung during a promotion gets no write more, and what it took is told as lost', async () => {
  const stage = await setStage();
  const { a, b, c, when, whenMaster, whenStale, app } = stage;
  a.server.hang();
  await when(({ kind }) => kind === 'masterless');
  await promoteOver(b, c);
  await whenMaster(b);
  a.server.resume();
  await whenStale(a);
  await expectNoMore(a, stage, b);
  const lostBytes = (await offsetOf(a)) - (await inheritedBy(b));
  await when(({ nodes }) => nodes.some((node) => 'lostBytes' in node && node.lostBytes === lostBytes));
  expect(await app.topology()).toMatchObject({ kind: 'steady', master: b.endpoint, generation: 2 });
  expect(await app.health.isWritable('redis')).toMatchObject({ redis: { status: 'up', master: b.endpoint } });
  await follow(a.server, b.server);
  await when(({ nodes }) => nodes.every(({ kind }) => kind === 'master' || kind === 'replica'));
  expect(errorsOf(stage)).toContain(
    `data loss: node ${a.endpoint} no longer claims to be the master; ${lostBytes} bytes that it accepted are lost`,
  );
});

test.each(['refused', 'silent'] as const)(
  'a master that the app could not reach (%s) during a promotion gets no write more when it is back',
  async (how) => {
    const stage = await setStage();
    const { a, b, c, whenMaster, whenStale } = stage;
    a.cut(how);
    await promoteOver(b, c);
    await whenMaster(b);
    await a.heal();
    await whenStale(a);
    await expectNoMore(a, stage, b);
    expect((await stage.app.topology()).generation).toBe(2);
  },
);

test('a master restarted from an old copy after a promotion gets no write more', async () => {
  const stage = await setStage();
  const { a, b, c, load, whenMaster } = stage;
  await save(a.server);
  await load.whenAcknowledged(100);
  await a.server.kill();
  await promoteOver(b, c);
  await whenMaster(b);
  await a.server.restart();
  await giveReplica(a);
  await expectContest(stage, { master: b });
  await expectNoMore(a, stage, b);
});

test('a master restarted without its data after a promotion gets no write at all', async () => {
  const stage = await setStage();
  const { a, b, c, whenMaster } = stage;
  await a.server.kill();
  await promoteOver(b, c);
  await whenMaster(b);
  await a.server.restart(['--dbfilename', 'none.rdb']);
  await giveReplica(a);
  await expectContest(stage, { master: b });
  await expectNoMore(a, stage, b);
  expect(await a.server.command('DBSIZE')).toBe(1);
});

test('two promotions out of sight, the first of which one replica told, make the first master stale', async () => {
  const stage = await setStage();
  const { a, b, c, when, whenMaster, whenStale } = stage;
  for (const member of [a, b, c]) member.cut();
  await when(({ kind }) => kind === 'masterless');
  // A replica that is ahead of its new master is filled anew, and then remembers nothing.
  await whenInSync(a.server, [b.server, c.server]);
  await promoteOver(b, c);
  await whenInSync(b.server, [c.server]);
  await c.heal();
  await when(({ nodes }) => nodes.some(({ endpoint, reachable }) => endpoint === c.endpoint && reachable));
  c.cut();
  await promoteOver(c, b);
  for (const member of [a, b, c]) await member.heal();
  await whenMaster(c);
  await whenStale(a);
  await expectNoMore(a, stage, c);
  expect(await stage.app.topology()).toMatchObject({ kind: 'steady', generation: 2 });
});

test('two promotions of which nothing was seen: writes go where the replicas are, and the contest is told', async () => {
  const stage = await setStage();
  const { a, b, c, when, whenMaster } = stage;
  for (const member of [a, b, c]) member.cut();
  await when(({ kind }) => kind === 'masterless');
  await promoteOver(b, c);
  await whenInSync(b.server, [c.server]);
  await promoteOver(c, b);
  await whenInSync(c.server, [b.server]);
  const before = await ours(a);
  for (const member of [b, c]) await member.heal();
  await whenMaster(c);
  await a.heal();
  await expectContest(stage, { master: c });
  await expectNoMore(a, stage, c);
  expect(await ours(a)).toEqual(before);
});

test('two promotions of which nothing was seen, the first master being back first: it keeps the writes, and the contest is told', async () => {
  const stage = await setStage();
  const { a, b, c, when, whenMaster, load } = stage;
  for (const member of [a, b, c]) member.cut();
  await when(({ kind }) => kind === 'masterless');
  await promoteOver(b, c);
  await whenInSync(b.server, [c.server]);
  await promoteOver(c, b);
  await whenInSync(c.server, [b.server]);
  await a.heal();
  await whenMaster(a);
  for (const member of [b, c]) await member.heal();
  await expectContest(stage, { master: a });
  const before = await ours(c);
  await load.whenAcknowledged(100);
  expect(await ours(c)).toEqual(before);
});

test('a second replica promoted from the same master is not followed, and the contest is told', async () => {
  const stage = await setStage();
  const { a, b, c, whenMaster } = stage;
  await promote(b.server);
  await whenMaster(b);
  await cutReplication(a, c);
  const before = await ours(c);
  await promote(c.server);
  await expectContest(stage, { master: b });
  await expectNoMore(a, stage, b);
  expect(await ours(c)).toEqual(before);
});

test.each(['alive', 'dead'] as const)(
  'of two replicas promoted out of sight one gets the writes, the other and the old master (%s) none, and the contest is told',
  async (state) => {
    const stage = await setStage();
    const { a, b, c, load, when } = stage;
    for (const member of [a, b, c]) member.cut();
    await when(({ kind }) => kind === 'masterless');
    await Promise.all([promote(b.server), promote(c.server)]);
    if (state === 'dead') await a.server.kill();
    for (const member of [c, b]) await member.heal();
    if (state === 'alive') await a.heal();
    const contest = await when((topology) => topology.kind === 'contested' && topology.claimants.length > 1);
    const [master, loser] = 'master' in contest && contest.master === b.endpoint ? [b, c] : [c, b];
    await load.whenAcknowledged(100);
    await expectContest(stage, { master });
    const before = await ours(loser);
    await load.whenAcknowledged(100);
    await expectNoMore(state === 'alive' ? a : loser, stage, master);
    expect(await ours(loser)).toEqual(before);
  },
);

test('two replicas promoted before the app starts get no write until one of them gives in', async () => {
  const group = await startGroup();
  onTestFinished(() => group.stop());
  const { master, heir, other } = rolesOf(group);
  await Promise.all([promote(heir), promote(other)]);
  const app = await startApp(
    [master, heir, other].map(({ endpoint }) => endpoint),
    { boot: 'background' },
  );
  const held = app.writer.set('key', 'value');
  await firstValueFrom(app.topology$.pipe(filter(({ kind }) => kind === 'contested')));
  expect(await app.health.isWritable('redis')).toMatchObject({
    redis: { status: 'down', reason: 'SPLIT_BRAIN' },
  });
  const errors = () => app.logs.of().flatMap(({ level, text }) => (level === 'error' ? [text] : []));
  await until('the alarm is raised', () => errors().length > 0);
  expect(errors()).toEqual([
    matching(/^split brain: .* make one of them a replica of the other, generation 0$/),
  ]);
  for (const node of group.nodes) expect(await node.command('DBSIZE')).toBe(0);
  await follow(other, heir);
  expect(await held).toBe('OK');
  expect(await heir.command('GET', 'key')).toBe('value');
  expect(await master.command('DBSIZE')).toBe(0);
});

test('a stranger that says master gets no write, not even when it is the only one', async () => {
  const stranger = await behindProxy(await startRedisServer());
  onTestFinished(() => stranger.server.stop());
  await giveReplica(stranger);
  stranger.cut();
  const stage = await setStage([stranger]);
  const { a, b, c, load, whenMaster } = stage;
  await stranger.heal();
  await expectContest(stage, { master: a });
  await a.server.kill();
  await expectContest(stage, { master: undefined });
  await promoteOver(b, c);
  await whenMaster(b);
  await expectContest(stage, { master: b });
  await load.whenAcknowledged(100);
  await expectNoMore(stranger, stage, b);
  expect(await stranger.server.command('DBSIZE')).toBe(1);
});

test('a replica that follows an heir out of sight is enough to stop the writes to the old master', async () => {
  const stage = await setStage();
  const { a, b, c, app, load, when, whenMaster } = stage;
  await chain(c, b);
  b.cut('silent');
  await when(({ nodes }) => nodes.some(({ endpoint, reachable }) => endpoint === b.endpoint && !reachable));
  await load.whenAcknowledged(100);
  await promote(b.server);
  await when((topology) => !('master' in topology && topology.master === a.endpoint));
  const held = app.writer.set('held', 'value');
  await expectContest(stage, { master: undefined });
  const { issued } = load;
  expect(await a.server.command('EXISTS', 'held')).toBe(0);
  expect(await app.topology()).toMatchObject({ claimants: [a.endpoint] });
  await b.heal();
  await whenMaster(b);
  expect(await held).toBe('OK');
  expect(await b.server.command('GET', 'held')).toBe('value');
  await expectNoMore(a, stage, b);
  expect((await ours(a)).numbers.filter((number) => number > issued)).toEqual([]);
});

test('where the majority is required, a replica that an heir out of sight has filled anew does not count for the old master', async () => {
  const stage = await setStage([], { requireMajority: true });
  const { a, b, c, app, load, when, whenMaster } = stage;
  b.cut('silent');
  await when(({ nodes }) => nodes.some(({ endpoint, reachable }) => endpoint === b.endpoint && !reachable));
  await promote(b.server);
  // One that is ahead of its new master is filled anew, and does not remember the history of the old one.
  await until('it is ahead', async () => (await offsetOf(c)) > (await inheritedBy(b)));
  await follow(c.server, b.server);
  await whenInSync(b.server, [c.server]);
  const isHeld = async () => {
    const { redis } = await app.health.isWritable('redis');
    expect(redis).toMatchObject({ status: 'down', reason: 'NO_MAJORITY' });
    return true;
  };
  await until('writes are held', isHeld);
  const { issued } = load;
  await b.heal();
  await whenMaster(b);
  await load.whenAcknowledged(100);
  expect((await ours(a)).numbers.filter((number) => number > issued)).toEqual([]);
});

test('a replica that is the first to tell of a promotion raises no alarm', async () => {
  // Nobody is looked at unless something happens, and who hangs is not held for silent.
  const stage = await setStage([], { pollIntervalMs: 60_000, replyTimeoutMs: 60_000 });
  const { a, b, c, load, when, whenMaster } = stage;
  await load.stop();
  await chain(c, b);
  await until('all have it', async () => (await offsetOf(b)) === (await offsetOf(a)));
  await promote(b.server);
  await whenInSync(b.server, [c.server]);
  for (const { server } of [a, b]) server.hang();
  // The observer listens, and so is no normal client; the watcher may just be about to connect.
  for (const type of ['normal', 'pubsub']) await c.server.command('CLIENT', 'KILL', 'TYPE', type);
  await when((topology) => !('master' in topology && topology.master === a.endpoint));
  for (const { server } of [a, b]) server.resume();
  await whenMaster(b);
  expect(errorsOf(stage)).toEqual([]);
});
