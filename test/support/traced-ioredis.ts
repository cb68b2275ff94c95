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

type Config = ConstructorParameters<typeof IORedisInstrumentation>[0];

/** Patches this copy of ioredis as the hook that loads it would, which cannot see modules that Vitest loads. */
class Instrumentation extends IORedisInstrumentation {
  patch(): void {
    for (const { patch } of this.init()) patch?.(Redis, '6.0.0');
  }
}

export interface Tracing {
  readonly exporter: InMemorySpanExporter;
  readonly provider: BasicTracerProvider;
  /** Has all connections of ioredis traced in this process, and contexts kept. Once in a test file. */
  readonly start: (config?: Config) => void;
  readonly stop: () => void;
}

/** The spans that the tests of a file make, kept in memory. */
export function createTracing(): Tracing {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  return {
    exporter,
    provider,
    start: (config = {}) => {
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      const instrumentation = new Instrumentation(config);
      instrumentation.setTracerProvider(provider);
      instrumentation.patch();
    },
    stop: () => context.disable(),
  };
}

/** The ids of the spans that a span is linked to. */
export function linksOf(span: ReadableSpan | undefined): readonly string[] | undefined {
  return span?.links.map((link) => link.context.spanId);
}
