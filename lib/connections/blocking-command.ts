import type { Redis } from 'ioredis';
import { commandOf } from './ioredis/internals.js';
import { occupiesConnection } from './outcomes/command-traits.js';

/**
 * The name of the command that blocks this connection now, if there is one: everything behind it waits. Only the oldest
 * command is looked at, so this costs nothing while commands are issued.
 */
export function blockingCommandOn(redis: Redis): string | undefined {
  const oldest = redis.commandQueue.peekFront();
  const command = oldest && commandOf(oldest);
  return command !== undefined && occupiesConnection(command) ? command.name.toUpperCase() : undefined;
}
