import { describe, expect, test } from 'vitest';
import { brokenOthers, brokenSuccessions } from './broken-changes.js';
import { brokenCounters, brokenQueues } from './broken-counts.js';
import { brokenTransactions, brokenWrites } from './broken-lists.js';
import { checkHistory } from './check-history.js';
import { cleanHistories } from './clean-histories.js';
import { contents, nothing, type Case } from './history-builder.js';

function check({ history, last }: Case): readonly string[] {
  return checkHistory({ ...nothing, ...history }, contents(last));
}

test.each(cleanHistories)('finds nothing wrong with $what', (each) => {
  expect(check(each)).toEqual([]);
});

describe.each([
  ['writes', brokenWrites],
  ['transactions', brokenTransactions],
  ['counters', brokenCounters],
  ['the queue', brokenQueues],
  ['successions', brokenSuccessions],
  ['everything else', brokenOthers],
] as const)('of %s', (_, cases) => {
  test.each(cases)('reports $what', (each) => {
    expect(check(each)).toContainEqual(expect.stringMatching(each.violation));
  });
});
