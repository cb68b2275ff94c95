import { expect, onTestFinished, test } from 'vitest';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import { until } from '../../lib/testing/servers/until.js';
import { aNumber, containing, matching } from '../support/matchers.js';
import { startApp } from '../support/test-app.js';

async function start() {
  const group = await startGroup({ replicas: 1 });
  onTestFinished(() => group.stop());
  const [replica] = group.replicas;
  if (replica === undefined) throw new Error('A group has a replica');
  const app = await startApp(group.endpoints);
  await until('the reader is connected', () => app.reader.status === 'ready');
  return { master: group.master, replica, app, group };
}

test('a group in order is described with its servers, connections and how long it has been so', async () => {
  const { master, replica, app } = await start();
  await until('both nodes are known', () =>
    app.health.groupInfo().topologies.every(({ nodes }) => nodes.every((node) => node.reachable)),
  );
  const version = matching(/^(redis|valkey) \d+\.\d+/);
  const nodes = [
    { endpoint: master.endpoint, kind: 'master', version },
    { endpoint: replica.endpoint, kind: 'replica', link: 'up', version },
  ].toSorted((a, b) => (a.endpoint < b.endpoint ? -1 : 1));
  expect(app.health.groupInfo()).toMatchObject({
    name: 'default',
    kind: 'group',
    topologies: [{ kind: 'steady', master: master.endpoint, generation: 1, uptimeMs: aNumber, nodes }],
    connections: [
      { connection: 'writer', status: 'ready', node: master.endpoint },
      { connection: 'reader', status: 'ready', node: replica.endpoint },
    ],
    held: { commands: 0, bytes: 0 },
    failovers: 0,
  });
  expect(app.health.groupInfo()).not.toHaveProperty('lastFailover');
});

test('during an outage it counts what is held and names the last error, and afterwards the failover', async () => {
  const { master, replica, app } = await start();
  await master.kill();
  await until('there is no master', async () => (await app.topology()).kind === 'masterless');
  const writes = Promise.all([app.writer.incr('counter'), app.writer.incr('counter')]);
  await until('the writes are held', () => app.health.groupInfo().held.commands === 2);
  const during = app.health.groupInfo();
  expect(during).toMatchObject({ topologies: [{ kind: 'masterless', master: null }] });
  expect(during.held.bytes).toBeGreaterThan(0);
  expect(during.held.oldestMs).toBeGreaterThanOrEqual(0);
  await replica.command('REPLICAOF', 'NO', 'ONE');
  await writes;
  await until('the failover is complete', () => app.health.groupInfo().lastFailover?.kind === 'complete');
  expect(app.health.groupInfo()).toMatchObject({
    topologies: [{ kind: 'steady', master: replica.endpoint, generation: 2 }],
    held: { commands: 0, bytes: 0 },
    failovers: 1,
    lastFailover: { from: master.endpoint, to: replica.endpoint },
  });
});

test('the last error of a connection is kept with its time, also when it is over', async () => {
  const { replica, app, group } = await start();
  await group.master.command('CONFIG', 'SET', 'requirepass', 'changed');
  const before = Date.now();
  app.writer.disconnect(true);
  await until('the writer has failed', () => app.health.groupInfo().connections[0]?.lastError !== undefined);
  const failed = app.health.groupInfo().connections[0]?.lastError;
  expect(failed).toMatchObject({ node: group.master.endpoint, message: containing('NOAUTH') });
  expect(failed?.at).toBeGreaterThanOrEqual(before - 1);
  await group.master.command('CONFIG', 'SET', 'requirepass', '');
  await until(
    'the writer works again',
    async () => (await app.health.isWritable('redis')).redis.status === 'up',
  );
  expect(app.health.groupInfo().connections[0]).toMatchObject({ status: 'ready', lastError: failed });
  expect(replica.endpoint).not.toBe(group.master.endpoint);
});

test('an instance that does not exist is an error that names those that do', async () => {
  const { app } = await start();
  expect(() => app.health.groupInfo('session')).toThrow(
    new TypeError('there is no instance "session"; known are "default"'),
  );
});
