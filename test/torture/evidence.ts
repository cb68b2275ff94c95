import type { Contents, History, Operation, OperationKind, Succession } from './history.js';

/** The operations by id. */
export type Ledger = ReadonlyMap<string, Operation>;

export function ledgerOf({ operations }: History): Ledger {
  return new Map(operations.map((operation) => [operation.id, operation]));
}

export type ListName = 'log' | 'left' | 'right';

/** What writes to each list that only grows. */
export const listWriters: Readonly<Record<ListName, OperationKind>> = {
  log: 'push',
  left: 'pair',
  right: 'pair',
};

/**
 * Whether this succession can excuse the loss of a write: the kind of fault must allow it, and the offsets, if they can
 * be compared, must show that the heir lacked something. It excuses only what the old master executed behind the fork
 * according to its own data; a lost write that is in no tail is always a violation.
 */
export function excusesLoss({ mayLose, lostBytes }: Succession): boolean {
  return mayLose && (lostBytes === undefined || lostBytes > 0);
}

/** All ids that any server executed, as often as they were executed: what the survivors have and what was lost. */
export function executed(list: ListName, history: History, last: Contents): readonly string[] {
  return [...last[list], ...history.successions.flatMap(({ tail }) => tail[list])];
}

/** Whether the error reported that the command was not, and never will be, applied. */
export function isRejected({ end }: Operation): boolean {
  return end?.kind === 'not applied' || end?.kind === 'aborted' || (end?.kind === 'timed out' && end.held);
}

export function isDone({ end }: Operation): boolean {
  return end?.kind === 'done';
}

/** One line for all that break a rule, with examples; none if nothing does. */
export function violation(rule: string, offenders: readonly string[]): readonly string[] {
  if (offenders.length === 0) return [];
  const shown = offenders.slice(0, 5).join(', ');
  return [`${rule}: ${offenders.length} (${shown}${offenders.length > 5 ? ', …' : ''})`];
}

/** Values that occur more often than once, each named once. */
export function repeated(values: readonly string[]): readonly string[] {
  return [...countEach(values)].flatMap(([value, times]) => (times > 1 ? [value] : []));
}

export function countEach<T>(values: readonly T[]): ReadonlyMap<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

export function describe({ id, kind, way, issuedAt }: Operation): string {
  return `${id} ${kind} by ${way} at ${(issuedAt / 1000).toFixed(1)} s`;
}
