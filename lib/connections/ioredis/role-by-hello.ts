import { Command } from 'ioredis';
import { parseHello } from '../../replies/parse-hello.js';

/** Whether a server refused the `INFO` by which ioredis learns what it is connected to. */
export function isForbidden(error: Error): boolean {
  return error.message.startsWith('NOPERM');
}

/**
 * Answers `INFO` with the role that `HELLO` tells: who may not run the one may always run the other. Without it the role
 * of the node would not be verified, and ioredis would print a warning at every connection.
 */
export async function answerByHello(
  info: Command,
  forbidden: Error,
  send: (hello: Command) => unknown,
): Promise<void> {
  const hello = new Command('hello', [], { replyEncoding: 'utf8' });
  send(hello);
  try {
    const { role } = parseHello(await hello.promise);
    if (role === undefined) {
      info.reject(forbidden);
    } else {
      info.resolve(`role:${role === 'replica' ? 'slave' : role}\r\n`);
    }
  } catch (error) {
    // No reply, because the connection is gone, is no reason to go on without the role.
    info.reject(error instanceof Error && error.name !== 'ReplyError' ? error : forbidden);
  }
}
