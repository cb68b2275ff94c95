import type { Socket } from 'node:net';

/** The same limit as `disconnectTimeout` of ioredis. */
const CLOSE_LIMIT_MS = 2000;

/** Half-closes the socket, so that written commands reach the node and their replies reach us, within a limit. */
export function closeGently(socket: Socket): void {
  destroyLate(socket, CLOSE_LIMIT_MS);
  socket.end();
}

/** Destroys the socket after `afterMs` milliseconds if it is still open and `isDue` returns `true` then. */
export function destroyLate(socket: Socket, afterMs: number, isDue: () => boolean = () => true): void {
  const limit = setTimeout(() => {
    if (isDue()) {
      socket.destroy();
    }
  }, afterMs);
  socket.once('close', () => clearTimeout(limit));
}
