import { Command } from 'ioredis';
import { parseHello } from '../../replies/parse-hello.js';

type Send = (hello: Command) => unknown;

/**
 * Answers the `INFO` of the handshake, which the user may not run or the provider has taken away. Without an answer ioredis
 * would print a warning for every connection, or never connect.
 */
export async function answerWithoutInfo(info: Command, send: Send): Promise<void> {
  try {
    info.resolve(await askRole(send));
  } catch (error) {
    // The connection was lost. With an answer, ioredis would go on.
    info.reject(error instanceof Error ? error : new Error(String(error)));
  }
}

/**
 * The role, as a line of `INFO`, from `HELLO`, which every user may run and into whose reply no other client can write. Where
 * that is refused too, the role is not verified on this connection, and what the observers saw has to do: ioredis lets no
 * other command pass in the handshake.
 *
 * @throws Error if the connection is lost.
 */
export async function askRole(send: Send): Promise<string> {
  const hello = new Command('hello', [], { replyEncoding: 'utf8' });
  send(hello);
  try {
    const { role } = parseHello(await hello.promise);
    return role === undefined ? '' : `role:${role === 'replica' ? 'slave' : role}\r\n`;
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') {
      return '';
    }
    throw error;
  }
}
