import { afterAll, beforeAll, expect, test } from 'vitest';
import { handOver, startCluster, type ClusterGroup } from '../support/cluster-group.js';
import { containing } from '../support/matchers.js';
import { startSampleApp } from '../support/sample-app.js';
import { until } from '../../lib/testing/servers/until.js';

let group: ClusterGroup;

beforeAll(async () => {
  group = await startCluster();
});

afterAll(() => group.stop());

test('the sample app runs on a cluster: notes on each shard, and health and topology that tell of each', async () => {
  const app = await startSampleApp({ REDIS_CLUSTER: group.endpoints.slice(0, 2).join(',') });
  const whenHealth = (status: number) =>
    until(`/health answers ${status}`, async () => (await app.get('/health')).status === status);
  await whenHealth(200);
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) {
    expect(await app.put(`/notes/${id}`, { text: id })).toMatchObject({ status: 200 });
    await until(`${id} is read`, async () => (await app.get(`/notes/${id}`)).status === 200);
  }
  expect(await app.get('/topology')).toMatchObject({
    body: { kind: 'steady', unassignedSlots: 0, shards: [{}, {}, {}], history: [] },
  });

  const master = await group.masterOf('note:a');
  const [heir] = await group.replicasOf(master);
  await handOver(heir);
  await until('the failover is in the history', async () =>
    JSON.stringify((await app.get('/topology')).body).includes(`"to":"${heir?.endpoint}"`),
  );
  const id = String(await master.command('CLUSTER', 'MYID'));
  expect(await app.get('/topology')).toMatchObject({
    body: { history: [{ from: master.endpoint, to: heir?.endpoint, shard: id, generation: 2 }] },
  });
  expect(await app.put('/notes/a', { text: 'after' })).toMatchObject({ status: 200 });

  await Promise.all([heir?.kill(), master.kill()]);
  await whenHealth(503);
  expect(await app.get('/health')).toMatchObject({
    body: { error: { redis: { status: 'down', message: containing('shard ') } } },
  });
});
