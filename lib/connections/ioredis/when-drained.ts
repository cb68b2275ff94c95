import type { Redis } from 'ioredis';
import { Subscription } from 'rxjs';

/**
 * Calls back once no reply is due soon. A command for which `isBlocking` is true may be answered in an hour, so it does
 * not keep a connection on a node that the connection must leave.
 */
export function whenDrained(
  redis: Redis,
  isBlocking: (commandName: string) => boolean,
  callback: () => void,
): Subscription {
  const { stream } = redis;
  const done = new Subscription();
  const isDrained = () => redis.commandQueue.toArray().every(({ command }) => isBlocking(command.name));
  const check = () => {
    if (stream === undefined || stream.destroyed || isDrained()) {
      done.unsubscribe();
      callback();
    }
  };
  // Replies that arrived in the same packet as the one that made us leave are still being handed out.
  const soon = setImmediate(check);
  stream?.on('data', check).on('close', check);
  done.add(() => {
    clearImmediate(soon);
    stream?.off('data', check).off('close', check);
  });
  return done;
}
