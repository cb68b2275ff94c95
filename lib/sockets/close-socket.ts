import type { Socket } from 'node:net';
import { Subscription } from 'rxjs';

/** The same limit as `disconnectTimeout` of ioredis. */
const CLOSE_LIMIT_MS = 2000;

/** Half-closes the socket, so that written commands reach the node and their replies reach us, within a limit. */
export function closeGently(socket: Socket): void {
  destroyLate(socket, CLOSE_LIMIT_MS);
  socket.end();
}

/**
 * Destroys the socket after `afterMs` milliseconds if it is still open and `isDue` returns `true` then. What has arrived
 * by then is read first: in a busy process the timer is late, and replies wait in the socket. Unsubscribe to cancel.
 */
export function destroyLate(
  socket: Socket,
  afterMs: number,
  isDue: () => boolean = () => true,
): Subscription {
  const limit = new Subscription();
  const timer = setTimeout(() => {
    // Immediates run after input.
    setImmediate(() => {
      if (!limit.closed && isDue()) {
        socket.destroy();
      }
    });
  }, afterMs);
  limit.add(() => clearTimeout(timer));
  socket.once('close', () => limit.unsubscribe());
  return limit;
}

/** Calls back when the socket is about to close: it closes a little after it has ended or failed, and nothing may be written. */
export function whenClosing(socket: Socket, callback: (error?: Error) => void): void {
  socket
    .once('error', callback)
    .once('end', callback)
    .once('close', () => callback());
}
