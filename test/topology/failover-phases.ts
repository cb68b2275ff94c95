import type { Case, Phase } from './phases.js';
import { A, B, C, D, master, replica, silent } from './reports.js';

/** A is master of B and C, and accepted. */
export const steady: Phase = {
  at: 1000,
  saw: {
    [A]: master({ on: 'R1', offset: 803 }),
    [B]: replica({ on: 'R1', offset: 803 }),
    [C]: replica({ on: 'R1', offset: 803 }),
  },
  facts: {
    kind: 'steady',
    master: A,
    generation: 1,
    nodes: { [A]: 'master', [B]: 'replica', [C]: 'replica' },
  },
};

/** A hangs, nobody is promoted yet. */
const hung: Phase = {
  at: 2000,
  signal: { kind: 'reply timed out', endpoint: A, at: 2000 },
  saw: {
    [A]: silent('TIMEOUT'),
    [B]: replica({ on: 'R1', offset: 1253 }),
    [C]: replica({ on: 'R1', offset: 1253 }),
  },
  facts: { kind: 'masterless', generation: 1, nodes: { [A]: 'unusable', [B]: 'replica', [C]: 'replica' } },
};

const toB = { from: A, to: B, tookMs: 38, cause: 'reply timed out' } as const;

/** B was promoted and C follows it, while A hangs. */
const promoted: Phase = {
  at: 2038,
  saw: {
    [A]: silent('TIMEOUT'),
    [B]: master({ on: 'R5/R1@1254', offset: 1300 }),
    [C]: replica({ on: 'R5/R1@1254', offset: 1300 }),
  },
  facts: {
    kind: 'steady',
    master: B,
    generation: 2,
    nodes: { [A]: 'unusable', [B]: 'master', [C]: 'replica' },
    failover: toB,
  },
};

/** A goes on as if nothing had happened. */
export const split: Phase = {
  at: 3000,
  saw: {
    [A]: master({ on: 'R1', offset: 1253 }),
    [B]: master({ on: 'R5/R1@1254', offset: 1516 }),
    [C]: replica({ on: 'R5/R1@1254', offset: 1516 }),
  },
  facts: {
    kind: 'steady',
    master: B,
    generation: 2,
    nodes: { [A]: 'stale', [B]: 'master', [C]: 'replica' },
    failover: toB,
  },
};

const sixth = 'R6/R5@1517';

export const failoverCases: readonly Case[] = [
  { name: 'all is well: one master, nothing changes', phases: [steady, { ...steady, at: 1500 }] },
  {
    name: 'A hangs, B is promoted, A continues: A is stale',
    phases: [steady, hung, promoted, split],
  },
  {
    name: 'stale writes raise the offset of A above that of B: A is still stale',
    phases: [
      steady,
      hung,
      promoted,
      {
        ...split,
        saw: { ...split.saw, [A]: master({ on: 'R1', offset: 1827 }) },
        facts: { ...split.facts, loss: { kind: 'not replicated', endpoint: B, bytes: 574 } },
      },
    ],
  },
  {
    name: 'A takes 574 bytes of writes after B was cut off from it: B wins, the loss is proven',
    phases: [
      steady,
      {
        at: 1900,
        saw: {
          [A]: master({ on: 'R1', offset: 1827 }),
          [B]: replica({ on: 'R1', offset: 1253, link: 'down' }),
          [C]: replica({ on: 'R1', offset: 1253, link: 'down' }),
        },
        facts: steady.facts,
      },
      {
        at: 2000,
        saw: { ...split.saw, [A]: master({ on: 'R1', offset: 1827 }) },
        facts: {
          ...split.facts,
          failover: { from: A, to: B, tookMs: 0, cause: 'poll' },
          loss: { kind: 'not replicated', endpoint: B, bytes: 574 },
        },
      },
    ],
  },
  {
    name: 'A is demoted to B: an ordinary replica again',
    phases: [
      steady,
      hung,
      promoted,
      split,
      {
        at: 4000,
        saw: { ...split.saw, [A]: replica({ on: 'R5', offset: 1516 }) },
        facts: { ...split.facts, nodes: { [A]: 'replica', [B]: 'master', [C]: 'replica' } },
      },
    ],
  },
  {
    name: 'C is promoted next: A, two promotions behind, stays stale although servers remember one step only',
    phases: [
      steady,
      hung,
      promoted,
      {
        at: 5000,
        signal: 'unblocked',
        saw: {
          [A]: master({ on: 'R1', offset: 9999 }),
          [B]: replica({ on: sixth, offset: 1600 }),
          [C]: master({ on: sixth, offset: 1600 }),
        },
        facts: {
          kind: 'steady',
          master: C,
          generation: 3,
          nodes: { [A]: 'stale', [B]: 'replica', [C]: 'master' },
          failover: { from: B, to: C, tookMs: 0, cause: 'unblocked' },
        },
      },
    ],
  },
  {
    name: 'the accepted master is gone for a moment, the stale one is left alone: it gets no writes',
    phases: [
      steady,
      hung,
      promoted,
      {
        at: 6000,
        signal: 'connection failed',
        saw: { [A]: master({ on: 'R1', offset: 9999 }), [B]: silent('REFUSED'), [C]: silent('REFUSED') },
        facts: {
          kind: 'contested',
          claimants: [A],
          generation: 2,
          nodes: { [A]: 'contender', [B]: 'unusable', [C]: 'unusable' },
          failover: toB,
        },
      },
    ],
  },
  {
    name: 'the accepted master is gone for a moment: a replica still under the stale one makes it no master',
    phases: [
      steady,
      hung,
      { ...promoted, saw: { ...promoted.saw, [C]: replica({ on: 'R1', offset: 1253 }) } },
      {
        at: 6000,
        signal: 'reply timed out',
        saw: {
          [A]: master({ on: 'R1', offset: 9999 }),
          [B]: silent('TIMEOUT'),
          [C]: replica({ on: 'R1', offset: 9999 }),
        },
        facts: {
          kind: 'contested',
          claimants: [A],
          generation: 2,
          nodes: { [A]: 'contender', [B]: 'unusable', [C]: 'replica' },
          failover: toB,
        },
      },
    ],
  },
  {
    name: 'A hangs during two promotions, the first of which was seen: C is the heir of the heir',
    phases: [
      steady,
      hung,
      {
        at: 2010,
        saw: {
          [A]: silent('TIMEOUT'),
          [B]: replica({ on: 'R4/R1@1254', offset: 1300, link: 'down' }),
          [C]: replica({ on: 'R1', offset: 1253 }),
        },
        facts: hung.facts,
      },
      {
        at: 2090,
        saw: {
          [A]: master({ on: 'R1', offset: 1253 }),
          [B]: replica({ on: 'R3/R4@1400', offset: 1500, link: 'down' }),
          [C]: master({ on: 'R3/R4@1400', offset: 1500 }),
        },
        facts: {
          kind: 'steady',
          master: C,
          generation: 2,
          nodes: { [A]: 'stale', [B]: 'replica', [C]: 'master' },
          failover: { from: A, to: C, tookMs: 90, cause: 'reply timed out' },
        },
      },
    ],
  },
  {
    name: 'A hangs during two promotions that nobody saw: C is refused until the replicas have chosen it',
    phases: [
      steady,
      hung,
      {
        at: 2090,
        saw: {
          [A]: silent('TIMEOUT'),
          [B]: replica({ on: 'R3/R4@1400', offset: 1500, link: 'down' }),
          [C]: master({ on: 'R3/R4@1400', offset: 1500 }),
        },
        facts: {
          kind: 'contested',
          claimants: [C],
          generation: 1,
          nodes: { [A]: 'unusable', [B]: 'replica', [C]: 'contender' },
        },
      },
      {
        at: 2120,
        saw: {
          [A]: silent('TIMEOUT'),
          [B]: replica({ on: 'R3/R4@1400', offset: 1500 }),
          [C]: master({ on: 'R3/R4@1400', offset: 1500 }),
        },
        facts: {
          kind: 'steady',
          master: C,
          generation: 2,
          nodes: { [A]: 'unusable', [B]: 'replica', [C]: 'master' },
          failover: { from: A, to: C, tookMs: 120, cause: 'reply timed out' },
        },
      },
      {
        // A goes on; no history connects the two, so nobody can call A stale, and writes stay with C.
        at: 3000,
        saw: {
          [A]: master({ on: 'R1', offset: 9999 }),
          [B]: replica({ on: 'R3/R4@1400', offset: 1600 }),
          [C]: master({ on: 'R3/R4@1400', offset: 1600 }),
        },
        facts: {
          kind: 'contested',
          master: C,
          claimants: [A, C],
          generation: 2,
          nodes: { [A]: 'contender', [B]: 'replica', [C]: 'master' },
          failover: { from: A, to: C, tookMs: 120, cause: 'reply timed out' },
        },
      },
    ],
  },
  {
    name: 'B and C are both promoted from A, which is gone: history cannot choose, writes are held',
    phases: [
      steady,
      hung,
      {
        at: 2100,
        saw: {
          [A]: silent('TIMEOUT'),
          [B]: master({ on: 'R3/R1@1254', offset: 9000 }),
          [C]: master({ on: 'R5/R1@1254', offset: 1300 }),
        },
        facts: {
          kind: 'contested',
          claimants: [B, C],
          generation: 1,
          nodes: { [A]: 'unusable', [B]: 'contender', [C]: 'contender' },
        },
      },
      {
        at: 2200,
        saw: {
          [A]: silent('TIMEOUT'),
          [B]: replica({ on: 'R5', offset: 1400 }),
          [C]: master({ on: 'R5/R1@1254', offset: 1400 }),
        },
        facts: {
          kind: 'steady',
          master: C,
          generation: 2,
          nodes: { [A]: 'unusable', [B]: 'replica', [C]: 'master' },
          failover: { from: A, to: C, tookMs: 200, cause: 'reply timed out' },
        },
      },
    ],
  },
  {
    name: 'B and C are both promoted, and another replica has chosen B: writes go to B, the contest is told',
    phases: [
      steady,
      hung,
      {
        at: 2100,
        saw: {
          [A]: silent('TIMEOUT'),
          [B]: master({ on: 'R3/R1@1254', offset: 1300 }),
          [C]: master({ on: 'R5/R1@1254', offset: 9000 }),
          [D]: replica({ on: 'R3/R1@1254', offset: 1300 }),
        },
        facts: {
          kind: 'contested',
          master: B,
          claimants: [B, C],
          generation: 2,
          nodes: { [A]: 'unusable', [B]: 'master', [C]: 'contender', [D]: 'replica' },
          failover: { from: A, to: B, tookMs: 100, cause: 'reply timed out' },
        },
      },
    ],
  },
  {
    name: 'B and C are both promoted while A lives: A was superseded twice and gets no writes',
    phases: [
      steady,
      {
        at: 2100,
        saw: {
          [A]: master({ on: 'R1', offset: 1253 }),
          [B]: master({ on: 'R3/R1@1254', offset: 1300 }),
          [C]: master({ on: 'R5/R1@1254', offset: 1300 }),
        },
        facts: {
          kind: 'contested',
          claimants: [A, B, C],
          generation: 1,
          nodes: { [A]: 'stale', [B]: 'contender', [C]: 'contender' },
        },
      },
    ],
  },
  {
    name: 'B was never synced when it was promoted: a stranger, writes are held while A is gone',
    phases: [
      steady,
      {
        at: 2000,
        signal: 'connection closed',
        saw: { [A]: silent('REFUSED'), [B]: master({ on: 'R3/Rown@1', offset: 0 }), [C]: silent('REFUSED') },
        facts: {
          kind: 'contested',
          claimants: [B],
          generation: 1,
          nodes: { [A]: 'unusable', [B]: 'contender', [C]: 'unusable' },
        },
      },
    ],
  },
  {
    name: 'B was never synced when it was promoted: a stranger, writes stay with A',
    phases: [
      steady,
      {
        at: 2000,
        saw: { ...steady.saw, [B]: master({ on: 'R3/Rown@1', offset: 5000 }) },
        facts: {
          kind: 'contested',
          master: A,
          claimants: [A, B],
          generation: 1,
          nodes: { [A]: 'master', [B]: 'contender', [C]: 'replica' },
        },
      },
    ],
  },
  {
    name: 'B is promoted by mistake and put back under A: its own word and the replicas make A master again',
    phases: [
      steady,
      {
        at: 2000,
        saw: { ...steady.saw, [B]: master({ on: 'R4/R1@804', offset: 803 }) },
        facts: {
          kind: 'steady',
          master: B,
          generation: 2,
          nodes: { [A]: 'stale', [B]: 'master', [C]: 'replica' },
          failover: { from: A, to: B, tookMs: 0, cause: 'poll' },
        },
      },
      {
        at: 2500,
        signal: 'unblocked',
        saw: steady.saw,
        facts: {
          ...steady.facts,
          generation: 3,
          failover: { from: B, to: A, tookMs: 0, cause: 'unblocked' },
        },
      },
    ],
  },
  {
    name: 'FAILOVER TO B: both are replicas for a moment, then B is master and C is chained behind A',
    phases: [
      steady,
      {
        at: 2000,
        signal: 'unblocked',
        saw: { ...steady.saw, [A]: replica({ on: 'R1', offset: 803, link: 'down' }) },
        facts: {
          kind: 'masterless',
          generation: 1,
          nodes: { [A]: 'replica', [B]: 'replica', [C]: 'replica' },
        },
      },
      {
        at: 2004,
        signal: 'unblocked',
        saw: {
          [A]: replica({ on: 'R5/R1@804', offset: 803 }),
          [B]: master({ on: 'R5/R1@804', offset: 803 }),
          [C]: replica({ on: 'R5/R1@804', offset: 803 }),
        },
        facts: {
          kind: 'steady',
          master: B,
          generation: 2,
          nodes: { [A]: 'replica', [B]: 'master', [C]: 'replica' },
          failover: { from: A, to: B, tookMs: 4, cause: 'unblocked' },
        },
      },
    ],
  },
];
