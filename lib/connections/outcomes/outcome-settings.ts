import type { Command } from 'ioredis';
import type { Notices } from '../../notices/notices.js';
import type { Account } from './ledger.js';
import type { HoldOptions } from './rejections.js';
import type { Resend } from './resend.js';

/** How long commands may wait, and which are sent again after their reply was lost. */
export interface OutcomeSettings {
  readonly hold: HoldOptions;
  readonly resend: Resend;
  /** Told of rejected commands and refused writes. Duplicates share it. */
  readonly notices: Notices;
  /** Where it is counted what became of the commands. Default: nowhere. */
  readonly account?: Account | undefined;
  /** Error replies that say the same of the server as `READONLY`, in addition to those that every server has. */
  readonly isRefusal?: ((message: string) => boolean) | undefined;
  /** Sends a command elsewhere that the server refused because it belongs there. Returns whether it did. */
  readonly redirect?: ((command: Command, message: string) => boolean) | undefined;
  /** Whether to tell how many commands an interruption concerned. */
  readonly tellsRecovery?: boolean | undefined;
}
