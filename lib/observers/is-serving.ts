import type { Socket } from 'node:net';
import { catchError, finalize, fromEvent, map, of, switchMap, take, timeout, type Observable } from 'rxjs';

/**
 * Whether a server that answers no commands is running nevertheless. It refuses an `ECHO` without an argument before it
 * checks the password, the permissions or a `CLIENT PAUSE ALL` (measured on Redis 7); a server that hangs does not
 * answer even that.
 */
export function isServing(socket$: Observable<Socket>, limitMs: number): Observable<boolean> {
  return socket$.pipe(
    switchMap((socket) => {
      socket.on('error', () => undefined).write('*1\r\n$4\r\nECHO\r\n');
      return fromEvent(socket, 'data').pipe(finalize(() => socket.destroy()));
    }),
    take(1),
    map(() => true),
    timeout({ first: limitMs, with: () => of(false) }),
    catchError(() => of(false)),
  );
}
