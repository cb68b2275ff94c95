import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { incidents, useApp } from '../failovers.js';

const { open } = useApp();
const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

/** Patches this copy of ioredis as the hook that loads it would, which cannot see modules that Vitest loads. */
class Instrumentation extends IORedisInstrumentation {
  patch(): void {
    for (const { patch } of this.init()) patch?.(Redis, '6.0.0');
  }
}

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const instrumentation = new Instrumentation();
  instrumentation.setTracerProvider(provider);
  instrumentation.patch();
});

beforeEach(() => exporter.reset());

afterAll(() => context.disable());

const serverOf = ({ attributes }: ReadableSpan) =>
  `${String(attributes['server.address'])}:${String(attributes['server.port'])}`;

describe.each(incidents)('when the master $incident', (incident) => {
  test('the spans of commands stay below that of their caller and name the node that served them', async () => {
    const { writer, topology, failOver } = await open(incident);
    const before = await topology();
    const request = (key: string) =>
      provider.getTracer('app').startActiveSpan(key, async (span) => {
        await writer.set(key, 1);
        span.end();
        return span.spanContext().spanId;
      });
    const parents = [await request('before'), await failOver(() => request('meanwhile'))];
    parents.push(await request('afterwards'));
    const after = await topology();
    const spans = parents.map((parent) =>
      exporter.getFinishedSpans().filter(({ parentSpanContext }) => parentSpanContext?.spanId === parent),
    );
    expect(spans.map((children) => children.length)).not.toContain(0);
    expect(spans[0]?.map(serverOf)).toEqual(['master' in before && before.master]);
    expect(spans[2]?.map(serverOf)).toEqual(['master' in after && after.master]);
    expect(serverOf(spans[1]?.at(-1) ?? fail())).not.toContain('undefined');
  });
});

function fail(): never {
  throw new Error('There is no span');
}
