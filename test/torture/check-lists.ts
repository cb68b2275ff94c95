import type { Contents, History } from './history.js';
import {
  describe,
  excusesLoss,
  executed,
  isDone,
  isRejected,
  ledgerOf,
  listWriters,
  repeated,
  violation,
  type ListName,
} from './evidence.js';

/** The rules of one list that only grows; `last` is what the surviving master holds in the end. */
export function checkList(list: ListName, history: History, last: Contents): readonly string[] {
  const ledger = ledgerOf(history);
  const everywhere = executed(list, history, last);
  const strangers = everywhere.filter((id) => ledger.get(id)?.kind !== listWriters[list]);
  const rejected = everywhere.flatMap((id) => {
    const operation = ledger.get(id);
    return operation !== undefined && isRejected(operation) ? [describe(operation)] : [];
  });
  return [
    ...violation(`in ${list}, though nobody issued it`, strangers),
    ...violation(`in ${list} more than once`, repeated(everywhere)),
    ...violation(`in ${list}, though rejected as not applied`, rejected),
    ...violation(`not in ${list}, though acknowledged`, findMissing(list, history, last)),
    ...violation(`in ${list} behind what was issued after it was answered`, findLate(list, history, last)),
  ];
}

/** Acknowledged writes that are missing, without a superseded master that has them behind a lossy succession's fork. */
function findMissing(
  list: ListName,
  { operations, successions }: History,
  last: Contents,
): readonly string[] {
  const accounted = new Set([
    ...last[list],
    ...successions.filter(excusesLoss).flatMap(({ tail }) => tail[list]),
  ]);
  return operations
    .filter((operation) => operation.kind === listWriters[list] && isDone(operation))
    .filter(({ id }) => !accounted.has(id))
    .map(describe);
}

/** A write that was answered before another was issued must precede it; otherwise it was executed again, later. */
function findLate(list: ListName, history: History, last: Contents): readonly string[] {
  const ledger = ledgerOf(history);
  const late: string[] = [];
  let latestIssue = -Infinity;
  for (const operation of last[list].flatMap((id) => ledger.get(id) ?? [])) {
    const { endedAt = Infinity, issuedAt } = operation;
    if (isDone(operation) && endedAt < latestIssue) late.push(describe(operation));
    latestIssue = Math.max(latestIssue, issuedAt);
  }
  return late;
}

/** Both lists of a transaction have its id, in the same order, and its counter grew with them; everywhere. */
export function checkPairs({ successions }: History, last: Contents): readonly string[] {
  const tails = successions.map(({ tail, fork, from }) => ({
    where: `the data of ${from}`,
    contents: tail,
    before: fork.left,
  }));
  const places = [...tails, { where: 'the last master', contents: last, before: 0 }];
  return places.flatMap(({ where, contents: { left, right, pairs }, before }) => [
    ...violation(`half a transaction in ${where}`, differences(left, right)),
    ...(pairs === before + left.length
      ? []
      : [`transactions in part in ${where}: ${before + left.length} in the list, ${pairs} counted`]),
  ]);
}

function differences(left: readonly string[], right: readonly string[]): readonly string[] {
  const longer = left.length >= right.length ? left : right;
  return longer.flatMap((_, index) =>
    left[index] === right[index] ? [] : [`${left[index] ?? 'none'}/${right[index] ?? 'none'}`],
  );
}
