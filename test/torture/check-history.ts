import { checkCounters } from './check-counters.js';
import { checkList, checkPairs } from './check-lists.js';
import { checkQueue } from './check-queue.js';
import { checkSuccessions, checkViews } from './check-successions.js';
import type { Contents, History } from './history.js';
import { describe, isRejected, ledgerOf, repeated, violation, type Ledger } from './evidence.js';

/**
 * Describes all violations; `last` is what the surviving master holds once everything has ended.
 *
 * Asynchronous replication may lose acknowledged writes, which is not a fault of the library. Such a loss is excused
 * only by evidence: the superseded master's own data must have the write behind the position at which its heir was
 * promoted (it keeps an append-only file, so this can be read even after SIGKILL), that kind of change may lose writes,
 * and the two offsets, if they can be compared, show that the heir lacked bytes. All other acknowledged writes must be
 * present, and the writes in such a tail must obey all other rules.
 */
export function checkHistory(history: History, last: Contents): readonly string[] {
  return [
    ...history.incidents,
    ...checkEnds(history),
    ...checkList('log', history, last),
    ...checkList('left', history, last),
    ...checkList('right', history, last),
    ...checkPairs(history, last),
    ...checkCounters(history, last),
    ...checkQueue(history, last),
    ...checkMessages(history),
    ...checkReads(history),
    ...checkSuccessions(history),
    ...checkViews(history),
  ];
}

/** Each command ends, and in a way that reports its outcome. */
export function checkEnds({ operations }: History): readonly string[] {
  return [
    ...violation('never ended', operations.filter(({ end }) => end === undefined).map(describe)),
    ...violation(
      'ended in an error that tells nothing of the outcome',
      operations.flatMap((operation) =>
        operation.end?.kind === 'failed' ? [`${describe(operation)}: ${operation.end.message}`] : [],
      ),
    ),
  ];
}

/** A message is delivered at most once to each subscriber, and only if it was published. */
function checkMessages(history: History): readonly string[] {
  const ledger = ledgerOf(history);
  const received = history.deliveries.map(({ app, id }) => `${id} to ${app}`);
  const unsent = history.deliveries.filter(({ id }) => {
    const operation = ledger.get(id);
    return operation?.kind !== 'publish' || isRejected(operation);
  });
  return [
    ...violation('delivered more than once', repeated(received)),
    ...violation(
      'delivered, though not published or rejected as not applied',
      unsent.map(({ id }) => id),
    ),
  ];
}

/** A read shows only what was issued before it ended, and nothing that was rejected. */
function checkReads(history: History): readonly string[] {
  const ledger = ledgerOf(history);
  const offenders = history.operations.flatMap(({ id, kind, end, endedAt = 0 }) => {
    if (kind !== 'read' || end?.kind !== 'done' || !Array.isArray(end.value)) return [];
    const seen: readonly string[] = end.value.map(String);
    return seen.filter((each) => !mayBeSeen(each, endedAt, ledger)).map((each) => `${id} saw ${each}`);
  });
  return violation('read, though not issued by then or rejected as not applied', offenders);
}

function mayBeSeen(id: string, at: number, ledger: Ledger): boolean {
  const operation = ledger.get(id);
  return operation?.kind === 'push' && operation.issuedAt <= at && !isRejected(operation);
}
