import type { Socket } from 'node:net';

/** As ioredis itself. */
const CLOSE_LIMIT_MS = 2000;

/** Lets what was written reach the node and what it answers reach us, within a limit. */
export function closeGently(socket: Socket): void {
  const limit = setTimeout(() => socket.destroy(), CLOSE_LIMIT_MS);
  socket.once('close', () => clearTimeout(limit));
  socket.end();
}
