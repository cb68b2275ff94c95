import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { startProxy } from '../../lib/testing/network/tcp-proxy.js';
import { follow, promote, whenInSync } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { until } from '../../lib/testing/servers/until.js';
import { rolesOf } from '../support/group-roles.js';
import { startScrapedApp } from '../support/measured-app.js';
import { hasPrometheus, startPrometheus, type PrometheusServer } from '../support/prometheus-server.js';
import { compressedRules } from './alert-rules.js';

const patient = { timeoutMs: 30_000 };

/** A scrape every 15 seconds becomes one every 150 ms, and five minutes become three seconds. */
const fast = 100;
/** Where nothing may fire, a busy machine must have some time. */
const slower = 20;

/** The rules in a real Prometheus that scrapes a real app on real servers, faster than in production. */
describe.skipIf(!hasPrometheus)('alerts', { timeout: 60_000 }, () => {
  let group: ServerGroup;

  beforeAll(async () => {
    group = await startGroup();
  }, 60_000);

  beforeEach(() => restoreGroup(group), 60_000);

  afterAll(() => group.stop());

  async function watch(options: Parameters<typeof startScrapedApp>[1] = {}, speed = fast) {
    const app = await startScrapedApp(group.endpoints, options);
    const prometheus = await startPrometheus({ target: app.url, ...compressedRules(speed) });
    return { app, prometheus };
  }

  const whenFires = (prometheus: PrometheusServer, alert: string) =>
    until(`${alert} fires`, async () => (await prometheus.firing()).includes(alert), {
      ...patient,
      state: () => prometheus.firing(),
    });

  const whenSilent = (prometheus: PrometheusServer, alert: string) =>
    until(`${alert} is silent`, async () => !(await prometheus.firing()).includes(alert), patient);

  test('a killed master pages until another one is promoted, which is a ticket', async () => {
    const { app, prometheus } = await watch({ hold: { maxCommands: 10, timeoutMs: 60_000 } });
    const { master, heir } = rolesOf(group);
    await master.kill();
    await whenFires(prometheus, 'RedisNoMaster');
    expect(await prometheus.firing()).not.toContain('RedisFailover');
    const held = Array.from({ length: 10 }, (_none, index) => app.writer.set(`key-${index}`, 'value'));
    await whenFires(prometheus, 'RedisHoldQueueFilling');
    expect(await prometheus.everFired('page')).toEqual(['RedisNoMaster']);
    await until(
      'a full queue pages',
      async () => {
        await expect(app.writer.set('key', 'too much')).rejects.toThrow('10 commands are held already');
        return (await prometheus.firing()).includes('RedisCommandsRejected');
      },
      patient,
    );
    await promote(heir);
    await Promise.all(held);
    await whenSilent(prometheus, 'RedisNoMaster');
    await whenSilent(prometheus, 'RedisHoldQueueFilling');
    await whenSilent(prometheus, 'RedisCommandsRejected');
    await whenFires(prometheus, 'RedisFailover');
    expect(await prometheus.everFired('page')).toEqual(['RedisCommandsRejected', 'RedisNoMaster']);
  });

  test('a hung master pages until another one is promoted', async () => {
    const { prometheus } = await watch();
    const { master, heir } = rolesOf(group);
    master.hang();
    await whenFires(prometheus, 'RedisNoMaster');
    await promote(heir);
    await whenSilent(prometheus, 'RedisNoMaster');
    expect(await prometheus.everFired('page')).toEqual(['RedisNoMaster']);
  });

  test('two masters page for as long as there are two', async () => {
    const { prometheus } = await watch();
    const { master, heir, other } = rolesOf(group);
    await Promise.all([promote(heir), follow(other, heir)]);
    await whenFires(prometheus, 'RedisSplitBrain');
    await follow(master, heir);
    await whenSilent(prometheus, 'RedisSplitBrain');
  });

  test('a replica that gets nothing more is a ticket, until it has caught up', async () => {
    const { app, prometheus } = await watch();
    const { master, other } = rolesOf(group);
    const link = await startProxy(master.port);
    onTestFinished(() => link.stop());
    await other.command('REPLICAOF', link.host, link.port);
    await until(
      'it replicates',
      async () => String(await other.command('INFO', 'replication')).includes('master_link_status:up'),
      patient,
    );
    link.partition('both');
    await app.writer.set('key', 'value');
    await whenFires(prometheus, 'RedisReplicaLagging');
    link.heal();
    link.cut();
    await whenSilent(prometheus, 'RedisReplicaLagging');
    expect(await prometheus.everFired('page')).toEqual([]);
  });

  test('twenty restarts of replicas, one after the other, page nobody', async () => {
    const { app, prometheus } = await watch({}, slower);
    const { master, heir, other } = rolesOf(group);
    for (let round = 0; round < 10; round += 1) {
      for (const replica of [heir, other]) {
        await replica.kill(round % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
        await app.writer.set('key', String(round));
        await replica.restart();
        await whenInSync(master, [replica]);
      }
    }
    // Otherwise there was nothing to be silent about. Restarts that follow at once share a sweep.
    await until(
      'Prometheus knows that the app has noticed the restarts',
      async () => {
        const [sweeps] = await prometheus.query('sum(redis_replication_sweeps_total)');
        return (sweeps?.value ?? 0) >= 10;
      },
      patient,
    );
    expect(await prometheus.everFired('page')).toEqual([]);
  });
});
