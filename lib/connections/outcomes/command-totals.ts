import type {
  CommandEvent,
  LineEvent,
  NotAppliedReason,
  RefusalReason,
  ResendReason,
  UnknownReason,
} from './connection-event.js';

type Counts<Reason extends string> = Readonly<Partial<Record<Reason, number>>>;

/** How many commands have ended how, by reason. A reason that never occurred is absent. Only grows. */
export interface CommandTotals {
  readonly held: number;
  /** After they were held, for the first time. */
  readonly sent: number;
  readonly sentAgain: Counts<ResendReason>;
  readonly notApplied: Counts<NotAppliedReason>;
  readonly unknown: Counts<UnknownReason>;
  readonly refused: Counts<RefusalReason>;
}

export const noCommands: CommandTotals = {
  held: 0,
  sent: 0,
  sentAgain: {},
  notApplied: {},
  unknown: {},
  refused: {},
};

export function addEvent(totals: CommandTotals, event: CommandEvent | LineEvent): CommandTotals {
  switch (event.kind) {
    case 'held':
      return { ...totals, held: totals.held + 1 };
    case 'sent':
      return { ...totals, sent: totals.sent + 1 };
    case 'sent again':
      return { ...totals, sentAgain: increment(totals.sentAgain, event.reason) };
    case 'not applied':
      return { ...totals, notApplied: increment(totals.notApplied, event.reason) };
    case 'unknown':
      return { ...totals, unknown: increment(totals.unknown, event.reason) };
    case 'refused':
      return { ...totals, refused: increment(totals.refused, event.reason) };
    case 'shut':
    case 'open':
    case 'failed':
    case 'acknowledged':
      return totals;
    default:
      return event satisfies never;
  }
}

/** Of all reasons together. */
export function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function increment<Reason extends string>(counts: Counts<Reason>, reason: Reason): Counts<Reason> {
  return { ...counts, [reason]: (counts[reason] ?? 0) + 1 };
}
