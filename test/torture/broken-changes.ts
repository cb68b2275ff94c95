import {
  done,
  notApplied,
  operation,
  succession,
  tailOf,
  unknown,
  view,
  type BrokenCase,
} from './history-builder.js';

export const brokenSuccessions: readonly BrokenCase[] = [
  {
    what: 'a write on the old master that was issued when the app knew the heir',
    history: {
      operations: [operation('a1', { issuedAt: 13, end: unknown })],
      views: [view(0, 1, 'n1'), view(12, 2, 'n2')],
      successions: [succession({ tail: tailOf('a1') })],
    },
    violation: /^master hung, n1 → n2: issued when the app knew n2, executed on n1: 1 \(a1\)$/,
  },
  {
    what: 'a change on the old master after both apps had left it',
    history: { successions: [succession({ lateWrites: 1 })] },
    violation: /^master hung, n1 → n2: 1 changes on n1 after both apps had left it$/,
  },
  {
    what: 'a planned change after which the old master has more, though no error reported it',
    history: {
      operations: [operation('a1', { end: unknown })],
      successions: [succession({ mayLose: false, tail: tailOf('a1') })],
    },
    violation: /a planned change lost writes$/,
  },
  {
    what: 'writes that the old master alone has, where by offsets the heir lacked nothing',
    history: {
      operations: [operation('a1', { end: unknown })],
      successions: [succession({ lostBytes: 0, tail: tailOf('a1') })],
    },
    violation: /writes were lost, yet by offsets the heir lacked nothing \(0 bytes\)$/,
  },
  {
    what: 'a generation that shrinks',
    history: { views: [view(0, 2, 'n1'), view(1, 1, 'n1')] },
    violation: /^a: a generation that is lower than the one before/,
  },
  {
    what: 'two masters in one generation',
    history: { views: [view(0, 1, 'n1'), view(1, 1, 'n2')] },
    violation: /^a: two masters in one generation: 1 \(1 n2\)$/,
  },
];

export const brokenOthers: readonly BrokenCase[] = [
  {
    what: 'a command that never ended',
    history: { operations: [{ id: 'a1', app: 'a', kind: 'push', way: 'plain', issuedAt: 0 }] },
    violation: /^never ended: 1 \(a1 push by plain at 0\.0 s\)$/,
  },
  {
    what: 'an error that tells nothing of the outcome',
    history: { operations: [operation('a1', { end: { kind: 'failed', message: 'Connection is closed.' } })] },
    violation:
      /^ended in an error that tells nothing of the outcome: 1 \(a1 push by plain at 0\.0 s: Connection is closed/,
  },
  {
    what: 'a message that was delivered twice',
    history: {
      operations: [operation('a1', { kind: 'publish' })],
      deliveries: [
        { app: 'a', id: 'a1' },
        { app: 'a', id: 'a1' },
      ],
    },
    violation: /^delivered more than once: 1 \(a1 to a\)$/,
  },
  {
    what: 'a message that was rejected as not applied and delivered',
    history: {
      operations: [operation('a1', { kind: 'publish', end: notApplied })],
      deliveries: [{ app: 'b', id: 'a1' }],
    },
    violation: /^delivered, though not published or rejected/,
  },
  {
    what: 'a read of what was rejected as not applied',
    history: {
      operations: [
        operation('a1', { end: notApplied }),
        operation('a2', { kind: 'read', way: 'reader', end: done(['a1']) }),
      ],
    },
    violation: /^read, though not issued by then or rejected as not applied: 1 \(a2 saw a1\)$/,
  },
  {
    what: 'something that the run itself saw go wrong',
    history: { incidents: ['the subscriber hears nothing'] },
    violation: /^the subscriber hears nothing$/,
  },
];
