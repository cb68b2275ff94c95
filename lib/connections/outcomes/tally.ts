import { monotonicMs } from '../../clock/clock.js';
import type { Notices } from '../../notices/notices.js';
import { line } from '../../topology/log-line.js';
import type { NotAppliedReason, UnknownReason } from './connection-event.js';
import { FirstWrite } from './first-write.js';
import type { TakenCommand } from './hold-queue.js';
import type { Account } from './ledger.js';

interface TallySettings {
  readonly notices: Notices;
  readonly account?: Account | undefined;
  /** Whether to tell how many commands an interruption concerned. */
  readonly tellsRecovery?: boolean | undefined;
}

/** Counts how the commands of one connection ended, and tells it when writing goes on. */
export class Tally {
  readonly #settings: TallySettings;
  readonly #circumstances: () => { readonly node: string | undefined };
  readonly firstWrite = new FirstWrite((tookMs) => this.#acknowledged(tookMs));
  /** When writing stopped, in milliseconds of a monotonic clock. */
  #since: number | undefined;
  #unknown = 0;
  #rejected = 0;

  constructor(settings: TallySettings, circumstances: () => { readonly node: string | undefined }) {
    this.#settings = settings;
    this.#circumstances = circumstances;
  }

  /** Call it when nothing may be written any more. */
  stopped(): void {
    this.#since ??= monotonicMs();
    this.firstWrite.shut();
    this.#settings.account?.note({ kind: 'shut' });
  }

  unknown(reason: UnknownReason): void {
    this.#unknown += reason === 'reply lost' ? 1 : 0;
    this.#settings.account?.note({ kind: 'unknown', reason });
  }

  /** `since` is when the command was held, if it was. */
  notApplied(reason: NotAppliedReason, since: number | undefined): void {
    const heldMs = since === undefined ? undefined : monotonicMs() - since;
    this.#settings.account?.note({ kind: 'not applied', reason, heldMs });
  }

  /** The command was never sent, because it would make the connection useless. */
  harmful(): void {
    this.#settings.account?.note({ kind: 'refused', reason: 'harmful' });
  }

  /** A command could not be held, or not for longer. That users see errors now is told once. */
  rejected(reason: string): void {
    this.#since ??= monotonicMs();
    this.#rejected += 1;
    this.#settings.notices.raise(TOPIC, {
      code: 'RR410',
      level: 'error',
      ...line`commands are rejected: ${{ reason }}`,
    });
  }

  /** Call it when the held commands were written to the node. */
  goesOn(sent: readonly TakenCommand[]): void {
    const { notices, tellsRecovery, account } = this.#settings;
    const { node } = this.#circumstances();
    const now = monotonicMs();
    for (const { place, since } of sent) {
      const heldMs = now - since;
      account?.note(
        place === 'waiting' ? { kind: 'sent', heldMs } : { kind: 'sent again', reason: place, heldMs },
      );
    }
    if (node !== undefined) {
      account?.note({ kind: 'open', node });
    }
    const [held, unknown, rejected] = [sent.length, this.#unknown, this.#rejected];
    const tookMs = Math.round(now - (this.#since ?? now));
    notices.end(TOPIC, {
      code: 'RR411',
      level: 'log',
      ...line`commands are taken again after ${{ tookMs }} ms`,
    });
    if (this.#since !== undefined && tellsRecovery === true && held + unknown + rejected > 0) {
      notices.tell({
        code: 'RR412',
        level: unknown + rejected > 0 ? 'warn' : 'log',
        ...line`on ${{ node }} after ${{ tookMs }} ms: ${{ held }} held commands sent, ${{ unknown }} unknown, ${{ rejected }} rejected`,
      });
    }
    this.#since = undefined;
    this.#unknown = 0;
    this.#rejected = 0;
  }

  #acknowledged(tookMs: number): void {
    const { node } = this.#circumstances();
    if (node !== undefined) {
      this.#settings.account?.note({ kind: 'acknowledged', node, tookMs });
    }
  }
}

const TOPIC = 'rejected commands';
