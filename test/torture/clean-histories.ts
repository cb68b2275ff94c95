import {
  contents,
  count,
  done,
  fork,
  given,
  increment,
  offer,
  operation,
  pair,
  succession,
  tailOf,
  take,
  timedOut,
  unknown,
  view,
  type Case,
} from './history-builder.js';

export const cleanHistories: readonly Case[] = [
  { what: 'nothing', history: {} },
  {
    what: 'a write that is there, one that may be and is, and one that may be and is not',
    history: {
      operations: [operation('a1'), operation('a2', { end: unknown }), operation('a3', { end: unknown })],
    },
    last: { log: ['a1', 'a2'] },
  },
  {
    what: 'a command that timed out after it was sent, and was executed',
    history: { operations: [operation('a1', { end: timedOut(false) })] },
    last: { log: ['a1'] },
  },
  {
    what: 'an acknowledged write that only the superseded master has',
    history: { operations: [operation('a1')], successions: [succession({ tail: tailOf('a1') })] },
  },
  {
    what: 'the same where offsets cannot be compared',
    history: {
      operations: [operation('a1')],
      successions: [succession({ lostBytes: undefined, tail: contents({ log: ['a1'] }) })],
    },
  },
  {
    what: 'a whole transaction, and one that was given up',
    history: { operations: [pair('a1'), pair('a2', { kind: 'aborted' })] },
    last: { left: ['a1'], right: ['a1'], pairs: 1 },
  },
  {
    what: 'a transaction that went with the old master as a whole',
    history: {
      operations: [pair('a1'), pair('a2')],
      successions: [
        succession({
          fork: fork({ left: 1, right: 1, pairs: 1 }),
          tail: contents({ left: ['a2'], right: ['a2'], pairs: 2 }),
        }),
      ],
    },
    last: { left: ['a1'], right: ['a1'], pairs: 1 },
  },
  {
    what: 'increments of which one was lost, whose value came again',
    history: {
      operations: [increment('a1', done(1)), increment('a2', done(2)), increment('a3', done(2))],
      successions: [
        succession({ fork: fork({ counters: count(1) }), tail: contents({ counters: count(2) }) }),
      ],
    },
    last: { counters: count(2) },
  },
  {
    what: 'an item that was given away twice because the heir had not received the first time',
    history: {
      operations: [offer('a1'), take('a2', given('a1')), take('a3', given('a1'))],
      successions: [succession({ fork: fork({ queue: ['a1'] }) })],
    },
  },
  {
    what: 'an item that a read of unknown outcome may have had',
    history: { operations: [offer('a1'), take('a2', unknown)] },
  },
  {
    what: 'an item that went with the old master',
    history: {
      operations: [offer('a1')],
      successions: [succession({ tail: contents({ queue: ['a1'] }) })],
    },
  },
  {
    what: 'a write on the old master that was issued before the app knew the heir',
    history: {
      operations: [operation('a1', { issuedAt: 11, end: unknown })],
      views: [view(0, 1, 'n1'), view(12, 2, 'n2')],
      successions: [succession({ tail: tailOf('a1') })],
    },
  },
  {
    what: 'a message that was delivered to both, and one that was lost',
    history: {
      operations: [operation('a1', { kind: 'publish' }), operation('a2', { kind: 'publish' })],
      deliveries: [
        { app: 'a', id: 'a1' },
        { app: 'b', id: 'a1' },
      ],
    },
  },
  {
    what: 'a read of what was issued before it ended',
    history: {
      operations: [operation('a1'), operation('a2', { kind: 'read', way: 'reader', end: done(['a1']) })],
    },
    last: { log: ['a1'] },
  },
];
