import { Command } from 'ioredis';
import { parseHello } from '../../replies/parse-hello.js';

/** Whether the user may not run the `INFO` of the handshake. */
export function isForbidden(error: Error): boolean {
  return error.message.startsWith('NOPERM');
}

/**
 * Answers `INFO` with the role from `HELLO`, which every user may run. Otherwise the role of the node would not be
 * verified, and ioredis would print a warning for every connection.
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
    // If the connection was lost, fail the handshake. Answering with NOPERM would make ioredis continue without the role.
    info.reject(error instanceof Error && error.name !== 'ReplyError' ? error : forbidden);
  }
}
