import type { CommandTotals } from '../connections/outcomes/command-totals.js';
import type {
  NotAppliedReason,
  RefusalReason,
  ResendReason,
  UnknownReason,
} from '../connections/outcomes/connection-event.js';

interface OutcomeRow {
  readonly outcome: 'held' | 'sent' | 'sent again' | 'not applied' | 'unknown' | 'refused';
  readonly reason?: string;
  readonly read: (totals: CommandTotals) => number;
}

const resendReasons = ['refused', 'reply lost'] as const satisfies readonly ResendReason[];
const notAppliedReasons = [
  'timed out',
  'full',
  'too many bytes',
  'closed',
  'transaction',
  'foreign cursor',
] as const satisfies readonly NotAppliedReason[];
const unknownReasons = ['reply lost', 'closed'] as const satisfies readonly UnknownReason[];
const refusalReasons = ['not a read', 'harmful'] as const satisfies readonly RefusalReason[];

/**
 * One time series for each outcome and reason, also of those that never occurred: a rate needs a first value, so a series
 * that begins with the first error would hide it.
 */
export const outcomeRows: readonly OutcomeRow[] = [
  { outcome: 'held', read: ({ held }) => held },
  { outcome: 'sent', read: ({ sent }) => sent },
  ...resendReasons.map((reason): OutcomeRow => ({
    outcome: 'sent again',
    reason,
    read: ({ sentAgain }) => sentAgain[reason] ?? 0,
  })),
  ...notAppliedReasons.map((reason): OutcomeRow => ({
    outcome: 'not applied',
    reason,
    read: ({ notApplied }) => notApplied[reason] ?? 0,
  })),
  ...unknownReasons.map((reason): OutcomeRow => ({
    outcome: 'unknown',
    reason,
    read: ({ unknown }) => unknown[reason] ?? 0,
  })),
  ...refusalReasons.map((reason): OutcomeRow => ({
    outcome: 'refused',
    reason,
    read: ({ refused }) => refused[reason] ?? 0,
  })),
];
