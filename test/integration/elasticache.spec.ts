import { elastiCacheNodes } from 'nestjs-redis-replication/elasticache';
import { expect, onTestFinished, test } from 'vitest';
import { startElastiCacheApi, type ApiMember } from '../support/elasticache-api.js';
import { rolesOf } from '../support/group-roles.js';
import { openReplication } from '../support/open-replication.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { promote } from '../../lib/testing/servers/replication.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';

function member({ host, port }: RedisServer, role: 'primary' | 'replica', zone: string): ApiMember {
  return { endpoint: { host, port }, role, zone };
}

test('a group that the API describes is followed through a failover, before the API knows of it, and through a change of its nodes', async () => {
  const [group, api] = await Promise.all([startGroup(), startElastiCacheApi()]);
  onTestFinished(async () => {
    await Promise.all([group.stop(), api.stop()]);
  });
  const { master, heir, other } = rolesOf(group);
  const describe = (...members: readonly ApiMember[]) =>
    api.answer({ kind: 'groups', groups: [{ id: 'my-group', shards: [members] }] });
  describe(member(master, 'primary', 'us-west-2a'), member(heir, 'replica', 'us-west-2b'));
  const source = elastiCacheNodes({ replicationGroupId: 'my-group', client: api.client });
  const { replication, writer, whenMaster, whenTopology, notes } = await openReplication(source);
  const zones = () => new Map(replication.latest.nodes.map(({ endpoint, zone }) => [endpoint, zone]));
  expect(await writer.set('key', 'first')).toBe('OK');
  expect(zones()).toEqual(
    new Map([
      [master.endpoint, 'us-west-2a'],
      [heir.endpoint, 'us-west-2b'],
    ]),
  );
  // The API lags behind the servers, and the failover does not wait for it.
  await master.kill();
  await promote(heir);
  await whenMaster(heir);
  expect(await writer.set('key', 'second')).toBe('OK');
  expect(zones().get(master.endpoint)).toBe('us-west-2a');
  describe(member(heir, 'primary', 'us-west-2b'), member(other, 'replica', 'us-west-2c'));
  await whenTopology(({ nodes }) => nodes.some(({ endpoint }) => endpoint === other.endpoint));
  expect(zones()).toEqual(
    new Map([
      [heir.endpoint, 'us-west-2b'],
      [other.endpoint, 'us-west-2c'],
    ]),
  );
  expect(await writer.get('key')).toBe('second');
  expect(notes.filter((note) => note.startsWith('elastiCacheNodes'))).toEqual([]);
});
