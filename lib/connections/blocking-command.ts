import type { Redis } from 'ioredis';
import { commandOf, oldestInFlight } from './ioredis/internals.js';
import { isBlocking, occupiesConnection } from './outcomes/command-traits.js';

/**
 * The name of the command that blocks this connection now, if there is one: everything behind it waits. Only the oldest
 * command is looked at, so this costs nothing while commands are issued.
 */
export function blockingCommandOn(redis: Redis): string | undefined {
  const oldest = redis.commandQueue.peekFront();
  const command = oldest && commandOf(oldest);
  return command !== undefined && occupiesConnection(command) ? command.name.toUpperCase() : undefined;
}

/** The name of the oldest command under way if it may block: all later ones wait for it. */
export function blockedBy(redis: Redis): string | undefined {
  const name = oldestInFlight(redis);
  return name !== undefined && isBlocking(name) ? name.toUpperCase() : undefined;
}
