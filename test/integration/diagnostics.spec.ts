import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { RedisReplicationDiagnostics } from 'nestjs-redis-replication';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { promote } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { until } from '../../lib/testing/servers/until.js';
import { startCluster } from '../support/cluster-group.js';
import { rolesOf } from '../support/group-roles.js';
import { openCluster } from '../support/open-cluster.js';
import { startApp } from '../support/test-app.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

beforeEach(() => restoreGroup(group));

afterAll(() => group.stop());

/** What is published on a channel from now on. */
function listen<Name extends keyof RedisReplicationDiagnostics>(
  name: Name,
): readonly RedisReplicationDiagnostics[Name][] {
  const messages: RedisReplicationDiagnostics[Name][] = [];
  const listener = (message: unknown) => {
    if (isMessage(name, message)) messages.push(message);
  };
  subscribe(name, listener);
  onTestFinished(() => void unsubscribe(name, listener));
  return messages;
}

/** What a message of each channel has beside its instance. */
const fields = {
  'nestjs-redis-replication:topology': 'topology',
  'nestjs-redis-replication:failover': 'failover',
  'nestjs-redis-replication:connection': 'event',
} as const;

function isMessage<Name extends keyof RedisReplicationDiagnostics>(
  name: Name,
  message: unknown,
): message is RedisReplicationDiagnostics[Name] {
  return typeof message === 'object' && message !== null && fields[name] in message;
}

test('a kill is told on the channels: the topology, the held command, and the failover with its phases', async () => {
  const topologies = listen('nestjs-redis-replication:topology');
  const failovers = listen('nestjs-redis-replication:failover');
  const events = listen('nestjs-redis-replication:connection');
  const app = await startApp(group.endpoints, { name: 'cache' });
  const { master, heir } = rolesOf(group);
  await master.kill();
  await until('it is told', () => topologies.some(({ topology }) => topology.kind === 'masterless'));
  const written = app.writer.set('a-key', 'an-argument');
  await promote(heir);
  await written;
  await until('the failover is complete', () => failovers.length === 2);
  expect(failovers.map(({ failover: { kind, from, to } }) => ({ kind, from, to }))).toEqual(
    ['open', 'complete'].map((kind) => ({ kind, from: master.endpoint, to: heir.endpoint })),
  );
  const ofWriter = events.flatMap(({ event }) => (event.connection === 'writer' ? event.kind : []));
  expect(ofWriter.slice(0, 1)).toEqual(['open']);
  expect(ofWriter.slice(-4)).toEqual(['held', 'sent', 'open', 'acknowledged']);
  expect(ofWriter).toContain('shut');
  const all = [...topologies, ...failovers, ...events];
  expect(new Set(all.map(({ instance }) => instance))).toEqual(new Set(['cache']));
  expect(JSON.stringify(all)).not.toMatch(/a-key|an-argument/);
});

test('an app that is closed publishes nothing any more', async () => {
  const app = await startApp(group.endpoints);
  await app.context.close();
  const topologies = listen('nestjs-redis-replication:topology');
  const { other } = rolesOf(group);
  await startApp(group.endpoints, { name: 'watching' });
  await other.kill();
  await until('the other app has told', () => topologies.length > 1);
  expect(new Set(topologies.map(({ instance }) => instance))).toEqual(new Set(['watching']));
});

test('a cluster tells the topology of all shards, and the failover of one by its id', async () => {
  const topologies = listen('nestjs-redis-replication:topology');
  const failovers = listen('nestjs-redis-replication:failover');
  const cluster = await startCluster({ elections: true });
  onTestFinished(() => cluster.stop());
  const { writer } = await openCluster(cluster.endpoints.slice(0, 2));
  await writer.incr('{b}');
  const master = await cluster.masterOf('{b}');
  await master.kill();
  await until('the failover is told', () => failovers.length > 0, { timeoutMs: 15_000 });
  const last = topologies.at(-1)?.topology;
  const shards = last !== undefined && 'shards' in last ? last.shards.map(({ id }) => id) : [];
  expect(shards).toHaveLength(3);
  expect(shards).toContain(failovers[0]?.failover.shard);
});
