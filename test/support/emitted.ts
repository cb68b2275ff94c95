import type { EventEmitter } from 'node:events';

/**
 * Resolves when it emits the event, whatever errors come first: a connection that the other side closes may emit
 * `ECONNRESET` before `close`. `once` of `node:events` would reject then.
 */
export function emitted(emitter: EventEmitter, event: string): Promise<void> {
  return new Promise((resolve) => emitter.once(event, () => resolve()));
}
