import type { Contents, History, Operation, Succession } from './history.js';
import { countEach, describe, excusesLoss, isDone, isRejected, ledgerOf, violation } from './evidence.js';

/** The rules of the queue, whose items blocking reads take away. */
export function checkQueue(history: History, last: Contents): readonly string[] {
  const taken = history.operations.flatMap(itemTaken);
  return [
    ...violation('taken from the queue more than once', findTakenTwice(taken, history, last)),
    ...checkItems([...taken, ...last.queue], history),
    ...checkVanished(taken, history, last),
  ];
}

/** The item that a blocking read delivered: it answers with the key and the item, or nil when its time is up. */
function itemTaken({ kind, end }: Operation): readonly string[] {
  if (kind !== 'take' || end?.kind !== 'done' || !Array.isArray(end.value)) return [];
  return end.value.slice(1).map(String);
}

/** An item may be delivered again only if the old master had delivered it and the heir had not received that change. */
function findTakenTwice(
  taken: readonly string[],
  { successions }: History,
  last: Contents,
): readonly string[] {
  const returned = successions.filter(excusesLoss).flatMap(({ fork, tail }) => {
    const left = new Set(tail.queue);
    return fork.queue.filter((id) => !left.has(id));
  });
  const returns = countEach(returned);
  return [...countEach([...taken, ...last.queue])].flatMap(([id, times]) =>
    times > 1 + (returns.get(id) ?? 0) ? [`${id} × ${times}`] : [],
  );
}

function checkItems(items: readonly string[], history: History): readonly string[] {
  const ledger = ledgerOf(history);
  const strangers = items.filter((id) => ledger.get(id)?.kind !== 'offer');
  const rejected = items.flatMap((id) => {
    const offer = ledger.get(id);
    return offer !== undefined && isRejected(offer) ? [describe(offer)] : [];
  });
  return [
    ...violation('in the queue, though nobody issued it', strangers),
    ...violation('in the queue, though rejected as not applied', rejected),
  ];
}

/** Acknowledged items that were never delivered: at most as many as reads of unknown outcome, which may have taken one. */
function checkVanished(taken: readonly string[], history: History, last: Contents): readonly string[] {
  const accounted = new Set([
    ...taken,
    ...last.queue,
    ...history.successions.filter(excusesLoss).flatMap(lostItems),
  ]);
  const vanished = history.operations.filter(
    (operation) => operation.kind === 'offer' && isDone(operation) && !accounted.has(operation.id),
  );
  const takers = history.operations.filter(
    ({ kind, end }) => kind === 'take' && end?.kind === 'unknown',
  ).length;
  return vanished.length <= takers
    ? []
    : violation(`gone from the queue, with ${takers} reads of unknown outcome`, vanished.map(describe));
}

/** What was in the queue of the old master only. */
export function lostItems({ fork, tail }: Succession): readonly string[] {
  const kept = new Set(fork.queue);
  return tail.queue.filter((id) => !kept.has(id));
}
