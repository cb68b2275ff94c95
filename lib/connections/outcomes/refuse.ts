import type { Command } from 'ioredis';
import { markRejection } from '../ioredis/internals.js';
import { RefusedCommandError } from './errors.js';

/**
 * Rejects a command that must not be sent. Within a transaction its place is taken by a command that every server
 * refuses, so that `EXEC` is refused too and none of the others runs. Returns whether there is something to send.
 */
export function refuse(command: Command, { reason, isInTransaction }: Refusal): boolean {
  markRejection(command);
  command.reject(new RefusedCommandError(nameOf(command), reason));
  if (isInTransaction) {
    command.name = 'client';
    command.args = [];
  }
  return isInTransaction;
}

interface Refusal {
  readonly reason: string;
  readonly isInTransaction: boolean;
}

/** With the subcommand, which is never secret. */
function nameOf({ name, args }: Command): string {
  return /^(client|script)$/i.test(name) ? `${name} ${String(args[0])}` : name;
}
