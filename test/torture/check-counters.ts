import { counters, type Counter } from './keys.js';
import type { Contents, History } from './history.js';
import { countEach, excusesLoss, isDone, violation } from './evidence.js';

/** The rules of counters that are only incremented. */
export function checkCounters(history: History, last: Contents): readonly string[] {
  return counters.flatMap((counter) => [
    ...checkTotal(counter, history, last),
    ...violation(`${counter} answered one value twice`, findRepeatedValues(counter, history, last)),
  ]);
}

/** What survived plus what was lost is what was executed: all that was acknowledged, at most all that may have been. */
function checkTotal(
  counter: Counter,
  { operations, successions }: History,
  last: Contents,
): readonly string[] {
  const increments = operations.filter((operation) => operation.counter === counter);
  const acknowledged = increments.filter(isDone).length;
  const possible = increments.filter(
    ({ end }) => end?.kind === 'done' || end?.kind === 'unknown' || (end?.kind === 'timed out' && !end.held),
  ).length;
  const lost = successions
    .filter(excusesLoss)
    .reduce((sum, { tail, fork }) => sum + tail.counters[counter] - fork.counters[counter], 0);
  const total = last.counters[counter] + lost;
  return total < acknowledged || total > possible
    ? [
        `${counter} is ${last.counters[counter]}, ${lost} were lost, but ${acknowledged} to ${possible} were executed`,
      ]
    : [];
}

/** A value comes again only if the increment that had made it was lost, once for each such loss. */
function findRepeatedValues(counter: Counter, history: History, last: Contents): readonly string[] {
  const values = history.operations.flatMap((operation) =>
    operation.counter === counter && operation.end?.kind === 'done' ? [Number(operation.end.value)] : [],
  );
  const forks = history.successions
    .filter(excusesLoss)
    .map(({ fork, tail }) => ({ after: fork.counters[counter], upTo: tail.counters[counter] }));
  return [...countEach(values)].flatMap(([value, times]) => {
    const lost = forks.filter(({ after, upTo }) => value > after && value <= upTo).length;
    const survived = value <= last.counters[counter] ? 1 : 0;
    return times > lost + survived ? [`${value} × ${times}`] : [];
  });
}
