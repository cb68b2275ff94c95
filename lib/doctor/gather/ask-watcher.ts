import { setTimeout as delay } from 'node:timers/promises';
import type { ControlConnection } from '../../observers/control-connection.js';
import type { ServerFacts } from '../facts.js';
import type { Call } from './ask-rights.js';
import { within } from './within.js';

interface Watching {
  /** On another connection to the same node. */
  readonly call: Call;
  readonly watcher: ControlConnection;
  readonly key: string;
  readonly database: number;
  readonly limitMs: number;
}

/** Long enough for the other connection to end it, and not longer than anybody would wait. */
const BLOCK_MS = 200;
const RETRY_MS = 5;

/**
 * Blocks as a watcher does, and lets the other connection end it. A user who may not do that still learns that blocking is
 * possible, by the time that is over.
 */
export async function askWatcher(watching: Watching): Promise<ServerFacts['watcher']> {
  const { watcher, key, database, limitMs } = watching;
  try {
    await within(limitMs, watcher.open());
    if (database !== 0) {
      await within(limitMs, watcher.call('SELECT', String(database)));
    }
    const id = String(await within(limitMs, watcher.call('CLIENT', 'ID')).catch(() => ''));
    const blocked = watcher.call('XREAD', 'BLOCK', String(BLOCK_MS), 'STREAMS', key, '$').then(
      () => 'unconfirmed' as const,
      (error: unknown) => readEnding(error),
    );
    if (id !== '') {
      void unblock(watching, id);
    }
    return await within(limitMs, blocked);
  } catch {
    return 'silent';
  } finally {
    watcher.close();
  }
}

/** It does nothing until the other connection blocks. */
async function unblock({ call, limitMs }: Watching, id: string): Promise<void> {
  try {
    for (let spent = 0; spent < BLOCK_MS; spent += RETRY_MS) {
      if ((await within(limitMs, call('CLIENT', 'UNBLOCK', id, 'ERROR'))) !== 0) {
        return;
      }
      await delay(RETRY_MS);
    }
  } catch {
    // The user may not run it.
  }
}

function readEnding(error: unknown): ServerFacts['watcher'] {
  const message = error instanceof Error ? error.message : '';
  if (message.startsWith('UNBLOCKED')) {
    return 'works';
  }
  return /^(NOPERM|ERR unknown command|WRONGTYPE)/i.test(message) ? 'forbidden' : 'silent';
}
