import type { Redis } from 'ioredis';
import { startRedisGroup } from 'nestjs-redis-replication/testing';
import { expect, onTestFinished, test } from 'vitest';
import { openReplication } from '../support/open-replication.js';
import { needsOptions } from '../support/server-under-test.js';
import { createSwapper, handOver, hastySwap } from '../support/swaps.js';

/** With these, `READONLY` can arrive some milliseconds after the new master already reports its role. */
const threads = ['--io-threads', '4', '--io-threads-do-reads', 'yes'];

/** Connections that write one by one, each as fast as it can. */
function startWriters(writer: Redis, count: number) {
  const failures: string[] = [];
  const load = { on: true };
  // Also if the test fails: on a closed connection it would fail without a pause for ever.
  onTestFinished(() => void (load.on = false));
  const connections = Array.from({ length: count }, () => writer.duplicate());
  onTestFinished(() => connections.forEach((each) => each.disconnect()));
  const loops = connections.map(async (redis) => {
    while (load.on) await redis.incr('count').catch((error: unknown) => failures.push(String(error)));
  });
  return {
    failures,
    async stop() {
      load.on = false;
      await Promise.all(loops);
    },
  };
}

test('writes under load end with a reply at each hand-over of a master with I/O threads', async (context) => {
  needsOptions(context, threads);
  const group = await startRedisGroup({ replicas: 2, args: threads });
  onTestFinished(() => group.stop());
  // A server that has to share its processor answers late. Here it is not to be taken for one that hangs.
  const opened = await openReplication(group.endpoints, { replyTimeoutMs: 5000 });
  const { writer } = opened;
  const load = startWriters(writer, 12);
  const { swap } = createSwapper(group, opened, [hastySwap, handOver]);
  for (let round = 0; round < 6; round += 1) {
    await writer.ping();
    await swap();
  }
  await load.stop();
  expect(load.failures).toEqual([]);
}, 120_000);
