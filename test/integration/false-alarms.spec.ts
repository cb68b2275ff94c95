import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openAlarmWatch } from '../support/alarm-watch.js';
import { expectNoAlarm, type Cost } from '../support/expect-no-alarm.js';
import { findFreePort } from '../../lib/testing/servers/free-port.js';
import { rolesOf } from '../support/group-roles.js';
import { readInfo } from '../../lib/testing/servers/info.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { whenInSync } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type GroupOptions, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { needsOptions } from '../support/server-under-test.js';
import { until } from '../../lib/testing/servers/until.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

beforeEach(() => restoreGroup(group));

afterAll(() => group.stop());

/** For what changes a server beyond what `restoreGroup` makes good. */
async function ownGroup(options: GroupOptions = {}): Promise<ServerGroup> {
  const own = await startGroup(options);
  onTestFinished(() => own.stop());
  return own;
}

async function readNumber(node: RedisServer, section: string, field: string): Promise<number> {
  return Number((await readInfo(node, section)).get(field));
}

async function whenGrown(node: RedisServer, field: string, more: number): Promise<() => Promise<void>> {
  const goal = (await readNumber(node, 'stats', field)) + more;
  return () =>
    until(`${field} has reached ${goal}`, async () => (await readNumber(node, 'stats', field)) >= goal);
}

async function watcherOf(node: RedisServer): Promise<string | undefined> {
  const clients = String(await node.command('CLIENT', 'LIST')).split('\n');
  const watchers = clients.filter((client) => client.includes(':watcher') && /\bflags=b\b/.test(client));
  return watchers.flatMap((client) => /\bid=(\d+)/.exec(client)?.[1] ?? []).at(-1);
}

const replicationId = async (node: RedisServer) => (await readInfo(node, 'replication')).get('master_replid');
const failoverState = async (node: RedisServer) =>
  (await readInfo(node, 'replication')).get('master_failover_state');

describe('it is no failover when', () => {
  test('nothing happens', async () => {
    const watch = await openAlarmWatch(group.endpoints);
    await watch.whenProbed(10);
    const account = await watch.end();
    await expectNoAlarm(account, group.master);
    expect(account.dials).toBe(0);
  });

  test('all replicas resync in part', async () => {
    const { master } = group;
    const watch = await openAlarmWatch(group.endpoints);
    const resynced = await whenGrown(master, 'sync_partial_ok', 2);
    await master.command('CLIENT', 'KILL', 'TYPE', 'replica');
    await resynced();
    await expectNoAlarm(await watch.end(), master, { readerMoves: 2 });
  });

  test('all replicas resync in full and load for a while', async (context) => {
    needsOptions(context, ['--loading-process-events-interval-bytes']);
    const own = await ownGroup({ args: ['--repl-backlog-size', '16kb', '--key-load-delay', '2000'] });
    const { master, heir, other } = rolesOf(own);
    await own.master.command('EVAL', "for i = 1, 500 do redis.call('SET', 'key' .. i, 'x') end", 0);
    // While loading, a server attends to its clients after so many bytes.
    for (const replica of own.replicas) {
      await replica.command('CONFIG', 'SET', 'loading-process-events-interval-bytes', 1024);
    }
    await whenInSync(master, [heir, other]);
    const watch = await openAlarmWatch(own.endpoints);
    const isSyncing = watch.whenTopology(({ nodes }) =>
      nodes.some((node) => node.kind === 'replica' && node.link === 'syncing'),
    );
    const resynced = await whenGrown(master, 'sync_full', 2);
    // In one step, so that no replica returns before the backlog is too short for it.
    await Promise.all([
      master.command('MULTI'),
      master.command('CLIENT', 'KILL', 'TYPE', 'replica'),
      master.command('SET', 'long', 'x'.repeat(100_000)),
      master.command('EXEC'),
    ]);
    await resynced();
    await isSyncing;
    // To the other replica, to the master, and back.
    await expectNoAlarm(await watch.end(), master, { readerMoves: 3 });
  });

  test('replicas are told to follow the master that they follow', async () => {
    const { master, replicas } = group;
    const watch = await openAlarmWatch(group.endpoints);
    await Promise.all(replicas.map((each) => each.command('REPLICAOF', master.host, master.port)));
    await watch.whenProbed(3);
    const account = await watch.end();
    await expectNoAlarm(account, master);
    expect(account.dials).toBe(0);
  });

  test('replicas are told to follow it under another name', async () => {
    const { master, replicas } = group;
    const watch = await openAlarmWatch(group.endpoints);
    const resynced = await whenGrown(master, 'sync_partial_ok', 2);
    await Promise.all(replicas.map((each) => each.command('REPLICAOF', 'localhost', master.port)));
    await resynced();
    await expectNoAlarm(await watch.end(), master, { readerMoves: 2 });
  });

  test('a lone master gets its first replica', async () => {
    const own = await ownGroup({ replicas: 1 });
    const { master, replicas } = own;
    const [replica] = replicas;
    await replica?.kill();
    await master.restart();
    const before = await replicationId(master);
    const watch = await openAlarmWatch(own.endpoints);
    await watch.whenAnswered(10);
    await replica?.restart();
    await whenInSync(master, replicas);
    await expectNoAlarm(await watch.end(), master, { isDown: true, readerMoves: 1 });
    expect(await replicationId(master)).not.toBe(before);
  });

  test('the backlog of a master without replicas expires', async () => {
    const own = await ownGroup({ replicas: 1, args: ['--repl-backlog-ttl', '1'] });
    const { master, replicas } = own;
    const [replica] = replicas;
    const watch = await openAlarmWatch(own.endpoints);
    const before = await replicationId(master);
    await replica?.kill();
    await until('it has a new history', async () => (await replicationId(master)) !== before);
    await watch.whenAnswered(10);
    await replica?.restart();
    // To the master, and back.
    await expectNoAlarm(await watch.end(), master, { isDown: true, readerMoves: 2 });
  });
});

describe('it is no failover when a FAILOVER is aborted', () => {
  test('because the replica does not catch up in time', async () => {
    const { master, heir } = rolesOf(group);
    const watch = await openAlarmWatch(group.endpoints);
    heir.hang();
    await master.command('FAILOVER', 'TO', heir.host, heir.port, 'TIMEOUT', 500);
    expect(await failoverState(master)).toBe('waiting-for-sync');
    await until('it is given up', async () => (await failoverState(master)) === 'no-failover');
    heir.resume();
    await expectNoAlarm(await watch.end(), master, { isDown: true, readerMoves: 1 });
  });

  test('by command while the replica catches up', async () => {
    const { master, heir } = rolesOf(group);
    const watch = await openAlarmWatch(group.endpoints);
    heir.hang();
    await master.command('FAILOVER', 'TO', heir.host, heir.port);
    await watch.whenTopology(({ nodes }) => nodes.some(({ kind }) => kind === 'unusable'));
    expect(await failoverState(master)).toBe('waiting-for-sync');
    await master.command('FAILOVER', 'ABORT');
    heir.resume();
    await expectNoAlarm(await watch.end(), master, { isDown: true, readerMoves: 1 });
  });

  test('after the master became a replica of one that hangs', async () => {
    const { master, heir } = rolesOf(group);
    const watch = await openAlarmWatch(group.endpoints);
    heir.hang();
    await master.command('FAILOVER', 'TO', heir.host, heir.port, 'FORCE', 'TIMEOUT', 100);
    await watch.whenTopology(({ kind }) => kind === 'masterless');
    expect(await failoverState(master)).toBe('failover-in-progress');
    await master.command('FAILOVER', 'ABORT');
    heir.resume();
    await expectNoAlarm(await watch.end(), master, afterDemotion);
  });

  test('after the master became a replica of one that refuses it', async () => {
    const own = await ownGroup();
    const { master, heir, other } = rolesOf(own);
    const port = await findFreePort();
    await heir.command('CONFIG', 'SET', 'replica-announce-port', port);
    await master.command('CLIENT', 'KILL', 'TYPE', 'replica');
    const announced = `port=${port},state=online,`;
    const list = async () => [...(await readInfo(master, 'replication')).values()].join();
    await until('it is announced', async () => (await list()).includes(announced));
    // It lost its link as well.
    await whenInSync(master, [other]);
    const watch = await openAlarmWatch(own.endpoints);
    await watch.whenAnswered(10);
    await master.command('FAILOVER', 'TO', heir.host, port, 'TIMEOUT', 5000);
    await watch.whenTopology(({ kind }) => kind === 'masterless');
    expect(await failoverState(master)).toBe('failover-in-progress');
    await master.command('FAILOVER', 'ABORT');
    await expectNoAlarm(await watch.end(), master, afterDemotion);
  });

  /** The master left its role: writes that it refused wait, and what it blocked is closed. */
  const afterDemotion: Cost = { isMasterAway: true, isDown: true, writerReturns: 1, readerMoves: 2 };
});

describe('it is no failover when a server restarts', () => {
  test('that was the master, with its data', async () => {
    const own = await ownGroup();
    const { master } = own;
    const watch = await openAlarmWatch(own.endpoints);
    await watch.whenAnswered(10);
    const before = await readInfo(master, 'server');
    // It ends without a reply, once its replicas have all that it has.
    await master.command('SHUTDOWN', 'SAVE').catch(() => undefined);
    await watch.whenTopology(({ kind }) => kind === 'masterless');
    await master.restart();
    // The reader goes to the other replica when its own loses the link first, to the master, and back.
    await expectNoAlarm(await watch.end(), master, {
      closes: 1,
      isDown: true,
      isMasterAway: true,
      readerMoves: 3,
    });
    expect((await readInfo(master, 'server')).get('run_id')).not.toBe(before.get('run_id'));
    expect(watch.replication.latest.lastDataLoss).toBeUndefined();
  });

  test('that was a replica', async () => {
    const { master, heir } = rolesOf(group);
    const watch = await openAlarmWatch(group.endpoints);
    await heir.kill('SIGTERM');
    await watch.whenTopology(({ nodes }) => nodes.some(({ kind }) => kind === 'unusable'));
    await heir.restart();
    await expectNoAlarm(await watch.end(), master, { closes: 1, isDown: true, readerMoves: 1 });
  });
});

describe('it is no failover when a server', () => {
  test('closes all our connections', async () => {
    const { master } = group;
    const watch = await openAlarmWatch(group.endpoints);
    await watch.whenAnswered(10);
    await until('the watcher is there', async () => (await watcherOf(master)) !== undefined);
    // In the order of Sentinel. Observers listen to their fleet, so that they count as subscribers; the watcher is closed
    // with its observer, and would be missing among the normal ones if that came first.
    expect(await master.command('CLIENT', 'KILL', 'TYPE', 'normal')).toBeGreaterThanOrEqual(2);
    expect(await master.command('CLIENT', 'KILL', 'TYPE', 'pubsub')).toBeGreaterThanOrEqual(1);
    await expectNoAlarm(await watch.end(), master, { closes: 1, readerMoves: 0 });
  });

  test('closes them at the same time as all other servers, as providers do after 12 hours', async () => {
    const watch = await openAlarmWatch(group.endpoints);
    await watch.whenAnswered(10);
    await Promise.all(group.nodes.map((node) => node.command('CLIENT', 'KILL', 'TYPE', 'normal')));
    await expectNoAlarm(await watch.end(), group.master, { closes: 1, readerMoves: 1 });
  });

  test('is told to end the blocking read of our watcher', async () => {
    const { master } = group;
    const watch = await openAlarmWatch(group.endpoints);
    await until('the watcher is there', async () => (await watcherOf(master)) !== undefined);
    const before = await watcherOf(master);
    expect(await master.command('CLIENT', 'UNBLOCK', before ?? 'none', 'ERROR')).toBe(1);
    await until('another waits', async () => ![before, undefined].includes(await watcherOf(master)));
    await expectNoAlarm(await watch.end(), master);
  });

  test('is paused for writes', async () => {
    const { master } = group;
    const watch = await openAlarmWatch(group.endpoints);
    await watch.whenAnswered(10);
    await master.command('CLIENT', 'PAUSE', 1000, 'WRITE');
    await watch.whenAnswered(10);
    const account = await watch.end();
    await expectNoAlarm(account, master);
    expect(account.dials).toBe(0);
  });

  test('is paused for everything, longer than it may be silent', async () => {
    const { master } = group;
    // A second of silence, so that on a busy machine only the paused node is held for silent.
    const watch = await openAlarmWatch(group.endpoints, { replyTimeoutMs: 1000 });
    await watch.whenAnswered(10);
    await master.command('CLIENT', 'PAUSE', 3000, 'ALL');
    await watch.whenTopology(({ kind }) => kind === 'masterless');
    // Its socket is kept, and so the write that was under way is answered at last.
    await expectNoAlarm(await watch.end(), master, { isDown: true, isMasterAway: true });
  });
});
