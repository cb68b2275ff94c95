import { AsyncLocalStorage } from 'node:async_hooks';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTracing } from '../support/traced-ioredis.js';
import { rolesOf } from '../support/group-roles.js';
import { createReplication, openReplication } from '../support/open-replication.js';
import { plannedSwap, promote } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { emitted } from '../support/emitted.js';

let group: ServerGroup;
const { exporter, provider, ...tracing } = createTracing();

beforeAll(async () => {
  tracing.start();
  group = await startGroup();
});

beforeEach(async () => {
  await restoreGroup(group);
  exporter.reset();
});

afterAll(async () => {
  tracing.stop();
  await group.stop();
});

/** Runs `act` as a request that is traced, and returns the spans in it, in the order in which they began. */
async function traced(act: () => Promise<unknown>): Promise<ReadableSpan[]> {
  const tracer = provider.getTracer('app');
  await tracer.startActiveSpan('request', async (span) => {
    await act();
    span.end();
  });
  const all = exporter.getFinishedSpans();
  const request = all.find(({ name }) => name === 'request');
  if (request === undefined) throw new Error('It has ended');
  const spans = all.filter(
    ({ parentSpanContext }) => parentSpanContext?.spanId === request.spanContext().spanId,
  );
  return spans.toSorted((a, b) => startOf(a) - startOf(b));
}

const startOf = ({ startTime: [seconds, nanoseconds] }: ReadableSpan) => seconds * 1e3 + nanoseconds / 1e6;
const durationOf = ({ duration: [seconds, nanoseconds] }: ReadableSpan) => seconds * 1e3 + nanoseconds / 1e6;
const serverOf = ({ attributes }: ReadableSpan) =>
  `${String(attributes['server.address'])}:${String(attributes['server.port'])}`;

test('the options of a connection and its spans name the node in use', async () => {
  const { writer, whenMaster } = await openReplication(group.endpoints);
  const { master, heir } = rolesOf(group);
  expect(writer.options).toMatchObject({ host: master.host, port: master.port });
  const before = await traced(() => writer.set('key', 'value'));
  expect(before.map(serverOf)).toEqual([master.endpoint]);
  exporter.reset();
  await plannedSwap(group.nodes, heir);
  await whenMaster(heir);
  await writer.ping();
  expect(writer.options).toMatchObject({ host: heir.host, port: heir.port });
  const after = await traced(() => writer.set('key', 'value'));
  expect(after.map(serverOf)).toEqual([heir.endpoint]);
});

test('a command that waits for a master has a span for the whole wait and one for the time on the server', async () => {
  const { writer, whenTopology } = await openReplication(group.endpoints);
  const { master, heir } = rolesOf(group);
  await master.kill();
  await whenTopology(({ kind }) => kind === 'masterless');
  const spans = await traced(async () => {
    const written = writer.set('key', 'value');
    const piped = writer.pipeline().incr('counter').exec();
    const promotion = provider.getTracer('app').startSpan('promotion');
    await promote(heir);
    promotion.end();
    await Promise.all([written, piped]);
  });
  const [promotion] = spans.filter(({ name }) => name === 'promotion');
  if (promotion === undefined) throw new Error('It has ended');
  for (const name of ['set', 'incr']) {
    const [waiting, sent, ...more] = spans.filter((span) => span.name === name);
    if (waiting === undefined || sent === undefined) throw new Error('There are two');
    expect(more).toEqual([]);
    expect(serverOf(sent)).toBe(heir.endpoint);
    expect(startOf(waiting)).toBeLessThanOrEqual(startOf(promotion));
    expect(startOf(sent)).toBeGreaterThanOrEqual(startOf(promotion));
    expect(durationOf(waiting)).toBeGreaterThan(durationOf(sent));
  }
});

test('a span of a command that was held in vain ends with its error', async () => {
  const { writer, replication } = createReplication(['127.0.0.1:1'], { hold: { timeoutMs: 20 } });
  await replication.onModuleInit();
  const spans = await traced(() => writer.set('key', 'value').catch(() => undefined));
  expect(spans.map(({ status: { message } }) => message)).toEqual([
    expect.stringMatching(/^SET was not applied: held for 20 ms/),
  ]);
  expect(spans.map(serverOf)).toEqual(['undefined:undefined']);
});

test('what happens when a held command is sent has the async context of its caller', async () => {
  const { writer, replication } = createReplication(group.endpoints);
  const caller = new AsyncLocalStorage<string>();
  const written = caller.run('request', () => writer.select(1));
  const seen: unknown[] = [];
  writer.on('select', () => seen.push(caller.getStore()));
  await replication.onModuleInit();
  await written;
  expect(seen).toEqual(['request']);
  expect(writer.status).toBe('ready');
  writer.disconnect();
  await emitted(writer, 'end');
});
