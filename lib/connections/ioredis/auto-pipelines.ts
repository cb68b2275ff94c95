import { Pipeline, type Redis } from 'ioredis';

/*
 * What this library relies on inside ioredis for automatic pipelines: `_autoPipelines`, `_runningAutoPipelines` and the
 * callbacks of a pipeline. ioredis 5.4 to 6.0 behave the same.
 */

/**
 * ioredis runs one automatic pipeline at a time. Behind one that waits for a node, others would queue inside ioredis,
 * where the limits of `hold` do not apply.
 */
export function letAutoPipelinesRun(redis: Redis): void {
  const running: unknown = Reflect.get(redis, '_runningAutoPipelines');
  if (running instanceof Set) {
    running.clear();
  }
}

/** Issues the commands that ioredis withholds until the previous automatic pipeline is answered. */
export function flushAutoPipelines(redis: Redis): void {
  letAutoPipelinesRun(redis);
  const waiting: unknown = Reflect.get(redis, '_autoPipelines');
  if (!(waiting instanceof Map)) {
    return;
  }
  const pipelines: readonly unknown[] = [...waiting.values()];
  waiting.clear();
  for (const pipeline of pipelines) {
    if (pipeline instanceof Pipeline) {
      void runAutoPipeline(pipeline);
    }
  }
}

async function runAutoPipeline(pipeline: Pipeline): Promise<void> {
  const symbol = Object.getOwnPropertySymbols(pipeline).find(
    ({ description }) => description === 'callbacks',
  );
  const found: unknown = symbol === undefined ? undefined : Reflect.get(pipeline, symbol);
  const callbacks: readonly unknown[] = Array.isArray(found) ? found : [];
  const replies = await pipeline.exec().catch((error: unknown) => callbacks.map(() => [error]));
  callbacks.forEach((callback, index) => {
    if (typeof callback === 'function') {
      Reflect.apply(callback, undefined, replies?.[index] ?? []);
    }
  });
}
