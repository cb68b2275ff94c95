import { Command } from 'ioredis';
import { parseHello } from '../../replies/parse-hello.js';

/**
 * Answers the `INFO` of the handshake, which the user may not run or the provider has taken away, with the role from
 * `HELLO`, which every user may run. Where that is refused too, the role is not verified on this connection, and what the
 * observers saw has to do: ioredis lets no other command pass in the handshake. Without an answer ioredis would print a
 * warning for every connection, or never connect.
 */
export async function answerWithoutInfo(info: Command, send: (hello: Command) => unknown): Promise<void> {
  const hello = new Command('hello', [], { replyEncoding: 'utf8' });
  send(hello);
  try {
    const { role } = parseHello(await hello.promise);
    info.resolve(role === undefined ? '' : `role:${role === 'replica' ? 'slave' : role}\r\n`);
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') {
      info.resolve('');
    } else {
      // The connection was lost. With an answer, ioredis would go on.
      info.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
