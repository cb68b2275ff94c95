import type { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { openReplication } from '../support/open-replication.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { failoverTo, follow, plannedSwap, whenInSync } from '../../lib/testing/servers/replication.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import { needsOptions } from '../support/server-under-test.js';

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

type Swap = (from: RedisServer, to: RedisServer, other: RedisServer) => Promise<unknown>;

const swaps: readonly Swap[] = [
  (from, to, other) => plannedSwap([from, to, other], to),
  async (from, to, other) => {
    await failoverTo(from, to);
    await follow(other, to);
  },
];

test('writes under load end with a reply at each hand-over of a master with I/O threads', async (context) => {
  needsOptions(context, threads);
  const group = await startGroup({ args: threads });
  onTestFinished(() => group.stop());
  // A server that has to share its processor answers late. Here it is not to be taken for one that hangs.
  const { writer, whenMaster } = await openReplication(group.endpoints, { replyTimeoutMs: 5000 });
  const load = startWriters(writer, 12);
  let [from, to, other] = group.nodes;
  for (let round = 0; round < 6; round += 1) {
    if (from === undefined || to === undefined || other === undefined) throw new Error('Too few nodes');
    await writer.ping();
    await swaps[round % swaps.length]?.(from, to, other);
    await whenMaster(to);
    await whenInSync(to, [from, other]);
    [from, to, other] = [to, other, from];
  }
  await load.stop();
  expect(load.failures).toEqual([]);
}, 120_000);
