import type { Socket } from 'node:net';
import type { Observable } from 'rxjs';
import { Connection } from '../../wire/connection.js';
import type { NodeFacts } from '../facts.js';
import { within } from './within.js';

/** What somebody gets who has no credentials. */
export async function askAnonymously(
  socket$: Observable<Socket>,
  limitMs: number,
): Promise<NodeFacts['anonymous']> {
  const connection = new Connection({ socket$ });
  try {
    await within(limitMs, connection.open());
    await within(limitMs, connection.call('PING'));
    return 'admitted';
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    return /^DENIED\b/.test(message)
      ? 'protected'
      : /^(NOAUTH|NOPERM)\b/.test(message)
        ? 'refused'
        : 'unknown';
  } finally {
    connection.close();
  }
}
