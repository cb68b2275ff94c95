import type { Notices } from '../../notices/notices.js';

/** Counts how commands ended while nothing could be written, and tells it when writing goes on. */
export class Tally {
  readonly #notices: Notices;
  readonly #tellsRecovery: boolean;
  /** When writing stopped, in milliseconds of a monotonic clock. */
  #since: number | undefined;
  #unknown = 0;
  #rejected = 0;

  constructor(notices: Notices, tellsRecovery: boolean) {
    this.#notices = notices;
    this.#tellsRecovery = tellsRecovery;
  }

  /** Call it when nothing may be written any more. */
  stopped(): void {
    this.#since ??= performance.now();
  }

  unknown(): void {
    this.#unknown += 1;
  }

  /** A command could not be held, or not for longer. That users see errors now is told once. */
  rejected(reason: string): void {
    this.#since ??= performance.now();
    this.#rejected += 1;
    this.#notices.raise(TOPIC, { level: 'error', text: `commands are rejected: ${reason}` });
  }

  /** Call it when `held` commands were written to a node. */
  goesOn(node: string | undefined, held: number): void {
    const [unknown, rejected] = [this.#unknown, this.#rejected];
    const tookMs = Math.round(performance.now() - (this.#since ?? performance.now()));
    this.#notices.end(TOPIC, { level: 'log', text: `commands are taken again after ${tookMs} ms` });
    if (this.#since !== undefined && this.#tellsRecovery && held + unknown + rejected > 0) {
      this.#notices.tell({
        level: unknown + rejected > 0 ? 'warn' : 'log',
        text: `on ${node} after ${tookMs} ms: ${held} held commands sent, ${unknown} unknown, ${rejected} rejected`,
      });
    }
    this.#since = undefined;
    this.#unknown = 0;
    this.#rejected = 0;
  }
}

const TOPIC = 'rejected commands';
