import { setTimeout as delay } from 'node:timers/promises';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { follow } from '../../lib/testing/servers/replication.js';
import { writesKey } from '../contenders/contender.js';
import type { Change, Round } from './scenario.js';

/** What stands behind it in `writesKey` was written by the new master. */
export const promotionMark = 'promoted';

/** Orders the promotion; resolves when it is done. The replicas beside it follow at the same time. */
export async function promoteNow(
  { tell }: Round,
  to: RedisServer,
  followers: readonly RedisServer[],
): Promise<Change> {
  const promotedAt = performance.now();
  const done = [to.command('REPLICAOF', 'NO', 'ONE'), to.command('RPUSH', writesKey, promotionMark)];
  const following = followers.map((node) => follow(node, to));
  tell(to);
  await Promise.all([...done, ...following]);
  return { to, promotedAt };
}

const patienceMs = 20_000;

/**
 * Waits until one of these replicas accepts a write, trying every millisecond, which detects a promotion that a server
 * decides on. The returned moment is early by at most a millisecond, so no contender seems faster than it is.
 */
export async function whenPromoted({ tell }: Round, replicas: readonly RedisServer[]): Promise<Change> {
  const race = { isOver: false };
  const deadline = performance.now() + patienceMs;
  const watch = async (to: RedisServer): Promise<Change | undefined> => {
    for (let promotedAt = performance.now(); !race.isOver; await delay(1)) {
      const sentAt = performance.now();
      const reply = await to.command('RPUSH', writesKey, promotionMark).catch((error: unknown) => error);
      if (typeof reply === 'number') {
        race.isOver = true;
        tell(to);
        return { to, promotedAt };
      }
      if (sentAt > deadline) throw new Error(`No replica was promoted within ${patienceMs} ms`);
      // A Sentinel closes the connections of the node it promotes; only a refusal proves that it is still a replica.
      if (String(reply).includes('READONLY')) promotedAt = sentAt;
    }
  };
  const changes = await Promise.all(replicas.map(watch));
  const change = changes.find((each) => each !== undefined);
  if (change === undefined) throw new Error('The promotion was not detected');
  return change;
}
