import type { Redis } from 'ioredis';
import { Subscription } from 'rxjs';
import { isBlocking } from '../outcomes/command-traits.js';

/**
 * Calls back once nothing is in flight that will be answered soon. A command that waits for data may be answered in an
 * hour: it does not keep a connection on a node that it must leave.
 */
export function whenDrained(redis: Redis, callback: () => void): Subscription {
  const { stream } = redis;
  const done = new Subscription();
  const check = () => {
    if (stream === undefined || stream.destroyed || isDrained(redis)) {
      done.unsubscribe();
      callback();
    }
  };
  // Replies that came in the same packet as the one that made us ask are still being handed out.
  const soon = setImmediate(check);
  stream?.on('data', check).on('close', check);
  done.add(() => {
    clearImmediate(soon);
    stream?.off('data', check).off('close', check);
  });
  return done;
}

function isDrained(redis: Redis): boolean {
  return redis.commandQueue.toArray().every(({ command }) => isBlocking(command.name));
}
