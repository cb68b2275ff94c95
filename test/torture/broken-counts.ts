import {
  contents,
  count,
  done,
  fork,
  given,
  increment,
  notApplied,
  offer,
  succession,
  take,
  unknown,
  type BrokenCase,
} from './history-builder.js';

export const brokenCounters: readonly BrokenCase[] = [
  {
    what: 'an acknowledged increment that is gone',
    history: { operations: [increment('a1', done(1)), increment('a2', done(2))] },
    last: { counters: count(1) },
    violation: /^torture:counter:0 is 1, 0 were lost, but 2 to 2 were executed$/,
  },
  {
    what: 'more increments lost than the old master had',
    history: {
      operations: [increment('a1', done(1)), increment('a2', done(2)), increment('a3', done(3))],
      successions: [
        succession({ fork: fork({ counters: count(1) }), tail: contents({ counters: count(2) }) }),
      ],
    },
    last: { counters: count(1) },
    violation: /^torture:counter:0 is 1, 1 were lost, but 3 to 3 were executed$/,
  },
  {
    what: 'an increment that ran twice',
    history: { operations: [increment('a1', done(2))] },
    last: { counters: count(2) },
    violation: /^torture:counter:0 is 2, 0 were lost, but 1 to 1 were executed$/,
  },
  {
    what: 'an increment that was rejected as not applied and ran',
    history: { operations: [increment('a1', notApplied)] },
    last: { counters: count(1) },
    violation: /^torture:counter:0 is 1, 0 were lost, but 0 to 0 were executed$/,
  },
  {
    what: 'a value that two increments answered',
    history: { operations: [increment('a1', done(1)), increment('a2', done(1))] },
    last: { counters: count(2) },
    violation: /^torture:counter:0 answered one value twice: 1 \(1 × 2\)$/,
  },
];

export const brokenQueues: readonly BrokenCase[] = [
  {
    what: 'an item that was given away twice',
    history: { operations: [offer('a1'), take('a2', given('a1')), take('a3', given('a1'))] },
    violation: /^taken from the queue more than once: 1 \(a1 × 2\)$/,
  },
  {
    what: 'an item that was given away and is still there',
    history: { operations: [offer('a1'), take('a2', given('a1'))] },
    last: { queue: ['a1'] },
    violation: /^taken from the queue more than once/,
  },
  {
    what: 'an item that was given away twice though the old master still had it',
    history: {
      operations: [offer('a1'), take('a2', given('a1')), take('a3', given('a1'))],
      successions: [succession({ fork: fork({ queue: ['a1'] }), tail: contents({ queue: ['a1'] }) })],
    },
    violation: /^taken from the queue more than once/,
  },
  {
    what: 'more items gone than reads of unknown outcome',
    history: { operations: [offer('a1'), offer('a2'), take('a3', unknown)] },
    violation: /^gone from the queue, with 1 reads of unknown outcome: 2/,
  },
  {
    what: 'an item that was rejected as not applied and given away',
    history: { operations: [offer('a1', notApplied), take('a2', given('a1'))] },
    violation: /^in the queue, though rejected as not applied/,
  },
];
