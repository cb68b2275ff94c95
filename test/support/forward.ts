import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Lets a server on 127.0.0.1 be reached under another loopback address as well; returns how to end that. */
export async function forward(
  from: { readonly host: string; readonly port: number },
  toPort: number,
): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect(toPort, '127.0.0.1');
    for (const [socket, peer] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(socket);
      // A connection that is refused or reset is passed on as a close.
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket) && peer.destroy());
      socket.pipe(peer);
    }
  });
  server.listen(from.port, from.host);
  await once(server, 'listening');
  return async () => {
    const closed = once(server, 'close');
    server.close();
    sockets.forEach((socket) => socket.destroy());
    await closed;
  };
}
