import { trace } from '@opentelemetry/api';
import { linkToFailover, RedisReplicationMetricsModule } from 'nestjs-redis-replication/metrics';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { promote } from '../../lib/testing/servers/replication.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { until } from '../../lib/testing/servers/until.js';
import { rolesOf } from '../support/group-roles.js';
import { startApp } from '../support/test-app.js';
import { createTracing, linksOf } from '../support/traced-ioredis.js';

let group: ServerGroup;
const { exporter, provider: tracerProvider, ...tracing } = createTracing();

beforeAll(async () => {
  tracing.start({ requestHook: linkToFailover });
  group = await startGroup();
});

afterAll(async () => {
  tracing.stop();
  await group.stop();
});

test('a failover is a span with its phases, to which the request and the commands that it held are linked', async () => {
  const app = await startApp(
    group.endpoints,
    {},
    {
      modules: [RedisReplicationMetricsModule.forRoot({ tracerProvider })],
    },
  );
  const { master, heir } = rolesOf(group);
  await master.kill();
  await until('the master is gone', async () => (await app.topology()).kind === 'masterless');
  await tracerProvider.getTracer('app').startActiveSpan('request', async (span) => {
    const written = Promise.all([app.writer.set('key', 'value'), app.writer.incr('counter')]);
    await promote(heir);
    await written;
    span.end();
  });
  const find = (name: string) => exporter.getFinishedSpans().find((span) => span.name === name);
  await until('the span has ended', () => find('redis.failover') !== undefined);
  const [failover, request] = [find('redis.failover'), find('request')];
  expect(failover?.attributes).toMatchObject({
    'db.system.name': 'redis',
    'redis.instance': 'default',
    'redis.failover.cause': 'connection_closed',
    'redis.failover.proof': 'history',
    'redis.failover.from': master.endpoint,
    'redis.failover.to': heir.endpoint,
    'redis.failover.commands.held': 2,
  });
  expect(failover?.events.map(({ name }) => name)).toEqual([
    'sign',
    'detected',
    'decided',
    'connected',
    'first write acknowledged',
  ]);
  expect(failover?.parentSpanContext).toBeUndefined();
  expect(linksOf(request)).toEqual([failover?.spanContext().spanId]);
  // Each held command has a span for the wait, which is linked, and one for the time on the server.
  for (const name of ['set', 'incr']) {
    const spans = exporter.getFinishedSpans().filter((span) => span.name === name);
    expect(
      spans.flatMap((span) => linksOf(span) ?? []),
      name,
    ).toEqual([failover?.spanContext().spanId]);
    expect(spans.length, name).toBeGreaterThan(0);
  }
  expect(trace.getActiveSpan()).toBeUndefined();
});
