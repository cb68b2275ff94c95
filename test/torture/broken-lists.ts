import {
  contents,
  notApplied,
  operation,
  pair,
  succession,
  tailOf,
  timedOut,
  unknown,
  type BrokenCase,
} from './history-builder.js';

export const brokenWrites: readonly BrokenCase[] = [
  {
    what: 'an acknowledged write that nobody has',
    history: { operations: [operation('a1')], successions: [succession({ tail: contents() })] },
    violation: /^not in log, though acknowledged: 1 \(a1 push by plain at 0\.0 s\)$/,
  },
  {
    what: 'an acknowledged write that a planned change lost',
    history: {
      operations: [operation('a1')],
      successions: [succession({ mayLose: false, tail: tailOf('a1') })],
    },
    violation: /^not in log, though acknowledged/,
  },
  {
    what: 'an acknowledged write on the old master where by offsets nothing was lost',
    history: {
      operations: [operation('a1')],
      successions: [succession({ lostBytes: 0, tail: tailOf('a1') })],
    },
    violation: /^not in log, though acknowledged/,
  },
  {
    what: 'a write that is there twice',
    history: { operations: [operation('a1')] },
    last: { log: ['a1', 'a1'] },
    violation: /^in log more than once: 1 \(a1\)$/,
  },
  {
    what: 'a write that the old master executed and the heir once more',
    history: { operations: [operation('a1')], successions: [succession({ tail: tailOf('a1') })] },
    last: { log: ['a1'] },
    violation: /^in log more than once: 1 \(a1\)$/,
  },
  {
    what: 'a write that nobody issued',
    history: {},
    last: { log: ['a1'] },
    violation: /^in log, though nobody issued it: 1 \(a1\)$/,
  },
  {
    what: 'a write that was rejected as not applied and is there',
    history: { operations: [operation('a1', { end: notApplied })] },
    last: { log: ['a1'] },
    violation: /^in log, though rejected as not applied/,
  },
  {
    what: 'a write that was rejected as not applied and that the old master executed',
    history: {
      operations: [operation('a1', { end: notApplied })],
      successions: [succession({ tail: tailOf('a1') })],
    },
    violation: /^in log, though rejected as not applied/,
  },
  {
    what: 'a write that timed out while it was held and is there',
    history: { operations: [operation('a1', { end: timedOut(true) })] },
    last: { log: ['a1'] },
    violation: /^in log, though rejected as not applied/,
  },
  {
    what: 'an answered write that was executed after one issued later',
    history: {
      operations: [operation('a1'), operation('a2', { issuedAt: 2, endedAt: 3 })],
    },
    last: { log: ['a2', 'a1'] },
    violation: /^in log behind what was issued after it was answered: 1 \(a1/,
  },
];

export const brokenTransactions: readonly BrokenCase[] = [
  {
    what: 'a transaction that ran in half',
    history: { operations: [pair('a1', unknown)] },
    last: { left: ['a1'], right: [], pairs: 1 },
    violation: /^half a transaction in the last master: 1 \(a1\/none\)$/,
  },
  {
    what: 'a transaction that ran in half on the old master',
    history: {
      operations: [pair('a1', unknown)],
      successions: [succession({ tail: contents({ right: ['a1'] }) })],
    },
    violation: /^half a transaction in the data of n1: 1 \(none\/a1\)$/,
  },
  {
    what: 'a transaction without its last command',
    history: { operations: [pair('a1')] },
    last: { left: ['a1'], right: ['a1'], pairs: 0 },
    violation: /^transactions in part in the last master: 1 in the list, 0 counted$/,
  },
  {
    what: 'a transaction that was given up because of WATCH and ran',
    history: { operations: [pair('a1', { kind: 'aborted' })] },
    last: { left: ['a1'], right: ['a1'], pairs: 1 },
    violation: /^in left, though rejected as not applied/,
  },
  {
    what: 'an acknowledged transaction that nobody has',
    history: { operations: [pair('a1')] },
    violation: /^not in right, though acknowledged/,
  },
];
