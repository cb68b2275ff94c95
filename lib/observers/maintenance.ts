import { defer, filter, type Observable } from 'rxjs';
import type { Connection } from '../wire/connection.js';

/** A node cannot have others probed more often than this by its notices, in milliseconds. */
export const MAINTENANCE_GAP_MS = 100;

/**
 * The notices of maintenance that Redis Cloud and Redis Software send on RESP3 to whoever asks for them. No address is
 * asked for, because nothing is connected to on the word of a notice. Other servers refuse the command, which means
 * nothing. The end of a maintenance is left out if the connection has not heard of its beginning: a server repeats the
 * last one to each new connection, also hours later.
 */
export function noticesOf(connection: Pick<Connection, 'call' | 'pushes$'>): Observable<string> {
  return defer(() => {
    connection.call(...REQUEST).catch(() => undefined);
    let maintenance: 'not heard of' | 'heard of' = 'not heard of';
    return connection.pushes$.pipe(
      filter((kind) => {
        maintenance = BEGINNINGS.includes(kind) ? 'heard of' : maintenance;
        return maintenance === 'heard of' && NOTICES.includes(kind);
      }),
    );
  });
}

const REQUEST = ['CLIENT', 'MAINT_NOTIFICATIONS', 'ON', 'moving-endpoint-type', 'none'] as const;
const BEGINNINGS: readonly string[] = ['MOVING', 'MIGRATING', 'FAILING_OVER'];
const NOTICES: readonly string[] = [...BEGINNINGS, 'MIGRATED', 'FAILED_OVER'];
