import type { Socket } from 'node:net';

/** As ioredis itself. */
const CLOSE_LIMIT_MS = 2000;

/** Lets what was written reach the node and what it answers reach us, within a limit. */
export function closeGently(socket: Socket): void {
  destroyLate(socket, CLOSE_LIMIT_MS);
  socket.end();
}

/** Destroys a socket that is still open after a time, provided that this is due then. */
export function destroyLate(socket: Socket, afterMs: number, isDue: () => boolean = () => true): void {
  const limit = setTimeout(() => {
    if (isDue()) {
      socket.destroy();
    }
  }, afterMs);
  socket.once('close', () => clearTimeout(limit));
}
