import type { Socket } from 'node:net';
import { catchError, finalize, fromEvent, map, of, switchMap, take, timeout, type Observable } from 'rxjs';

/**
 * Whether a server that answers no command is at work all the same. An `ECHO` without its argument is refused before
 * the password, the permissions or a `CLIENT PAUSE ALL` are looked at (measured on Redis 7); a server that hangs does
 * not even do that.
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
