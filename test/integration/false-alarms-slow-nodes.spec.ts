import { setInterval as every } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openAlarmWatch, type AlarmWatch } from '../support/alarm-watch.js';
import { expectNoAlarm } from '../support/expect-no-alarm.js';
import { rolesOf } from '../support/group-roles.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { startProxy, type TcpProxy } from '../../lib/testing/network/tcp-proxy.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

beforeEach(() => restoreGroup(group));

afterAll(() => group.stop());

describe('it is no failover when servers are slow:', () => {
  test.each(['the master', 'every node'] as const)('%s answers 100 ms late, as it may', async (which) => {
    const { endpoints, slowTo } = await behindDelays(which);
    const watch = await openAlarmWatch(endpoints, { replyTimeoutMs: 1000 });
    slowTo(100);
    await watch.whenProbed(8);
    slowTo(0);
    const account = await watch.end();
    await expectNoAlarm(account, group.master);
    expect(account.dials).toBe(0);
  });

  test.each(['the master', 'every node'] as const)(
    '%s answers 400 ms late, which is later than it may',
    async (which) => {
      const { endpoints, slowTo } = await behindDelays(which);
      const watch = await openAlarmWatch(endpoints, { replyTimeoutMs: 250 });
      slowTo(400);
      await watch.whenTopology(({ kind }) => kind === 'masterless');
      // With each look its connection is given up and made anew.
      await watch.whenProbed(2);
      slowTo(0);
      await expectNoAlarm(await watch.end(), group.master, {
        isDown: true,
        isMasterAway: true,
        readerMoves: 2,
      });
    },
  );

  async function behindDelays(which: 'the master' | 'every node') {
    const proxies = await Promise.all(group.nodes.map(({ port }) => startProxy(port)));
    onTestFinished(async () => void (await Promise.all(proxies.map((proxy) => proxy.stop()))));
    const slow = which === 'the master' ? proxies.slice(0, 1) : proxies;
    return {
      endpoints: proxies.map(({ endpoint }) => endpoint),
      slowTo: (delayMs: number) => slow.forEach((proxy) => proxy.slowTo(delayMs)),
    };
  }
});

describe('it is no failover when a node comes and goes every 100 ms:', () => {
  /** Half of them end what the other half began. */
  const flaps = 30;

  async function flap(begin: () => void, end: () => void | Promise<void>): Promise<void> {
    let left = flaps;
    for await (const _ of every(100)) {
      await (left % 2 === 0 ? begin() : end());
      left -= 1;
      if (left === 0) return;
    }
  }

  async function behindProxies(): Promise<readonly TcpProxy[]> {
    const proxies = await Promise.all(group.nodes.map(({ port }) => startProxy(port)));
    onTestFinished(async () => void (await Promise.all(proxies.map((proxy) => proxy.stop()))));
    return proxies;
  }

  async function flapBehindProxy(index: 0 | 1): Promise<AlarmWatch> {
    const proxies = await behindProxies();
    const watch = await openAlarmWatch(proxies.map(({ endpoint }) => endpoint));
    const [proxy] = proxies.slice(index);
    await flap(
      () => {
        proxy?.refuse();
        proxy?.cut();
      },
      async () => proxy?.accept(),
    );
    return watch;
  }

  test('a replica that can be reached and cannot', async () => {
    const watch = await flapBehindProxy(1);
    await expectNoAlarm(await watch.end(), group.master, {
      closes: flaps / 2,
      writerReturns: 0,
      isDown: true,
      readerMoves: 1,
    });
  });

  test('the master that can be reached and cannot', async () => {
    const watch = await flapBehindProxy(0);
    await expectNoAlarm(await watch.end(), group.master, {
      closes: flaps / 2,
      isDown: true,
      isMasterAway: true,
      readerMoves: 0,
    });
  });

  test('a replica that hangs and goes on', async () => {
    const { master, heir } = rolesOf(group);
    const watch = await openAlarmWatch(group.endpoints);
    await flap(heir.hang, heir.resume);
    await expectNoAlarm(await watch.end(), master);
  });

  test('a replica that is killed and restarted', async () => {
    const { master, heir } = rolesOf(group);
    const watch = await openAlarmWatch(group.endpoints);
    const restarts = 8;
    for (let left = restarts; left > 0; left -= 1) {
      await heir.kill();
      await heir.restart();
    }
    await expectNoAlarm(await watch.end(), master, {
      closes: restarts,
      writerReturns: 0,
      isDown: true,
      readerMoves: 1,
    });
  });
});
