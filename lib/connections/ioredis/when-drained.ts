import type { Redis } from 'ioredis';
import { Subscription } from 'rxjs';

/** Calls back as soon as all commands are answered except those that need not be waited for. */
export function whenDrained(
  redis: Redis,
  isDispensable: (commandName: string) => boolean,
  callback: () => void,
): Subscription {
  const { stream } = redis;
  const done = new Subscription();
  const isDrained = () => redis.commandQueue.toArray().every(({ command }) => isDispensable(command.name));
  const check = () => {
    if (stream === undefined || stream.destroyed || isDrained()) {
      done.unsubscribe();
      callback();
    }
  };
  // Replies from the same packet as the one that made the connection leave are still being delivered.
  const soon = setImmediate(check);
  stream?.on('data', check).on('close', check);
  done.add(() => {
    clearImmediate(soon);
    stream?.off('data', check).off('close', check);
  });
  return done;
}

/** Resolves as soon as only blocking commands are unanswered, at the latest after `limitMs`. */
export async function drained(
  redis: Redis,
  isBlocking: (commandName: string) => boolean,
  limitMs: number,
): Promise<void> {
  await new Promise<void>((resolve) => {
    const limit = setTimeout(resolve, limitMs);
    whenDrained(redis, isBlocking, () => {
      clearTimeout(limit);
      resolve();
    });
  });
}
