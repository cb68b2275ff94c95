import type { Case, Phase } from './phases.js';
import { A, B, C, D, master, replica, faulty } from './reports.js';

/** A is master of B and C, and accepted. */
export const steady: Phase = {
  at: 1000,
  results: {
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

/** A hangs, no replica is promoted yet. */
const hung: Phase = {
  at: 2000,
  signal: { kind: 'reply timed out', endpoint: A, at: 2000 },
  results: {
    [A]: faulty('TIMEOUT'),
    [B]: replica({ on: 'R1', offset: 1253 }),
    [C]: replica({ on: 'R1', offset: 1253 }),
  },
  facts: { kind: 'masterless', generation: 1, nodes: { [A]: 'unusable', [B]: 'replica', [C]: 'replica' } },
};

const toB = { from: A, to: B, tookMs: 38, cause: 'reply timed out' } as const;

/** B was promoted and C follows it, while A hangs. */
const promoted: Phase = {
  at: 2038,
  results: {
    [A]: faulty('TIMEOUT'),
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

/** A continues as a master because nothing demoted it. */
export const split: Phase = {
  at: 3000,
  results: {
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
  { name: 'M7, M9: one healthy master: nothing changes', phases: [steady, { ...steady, at: 1500 }] },
  {
    name: 'M3, M10, M15: A hangs, B is promoted, A continues: A is stale',
    phases: [steady, hung, promoted, split],
  },
  {
    name: 'M2, M3: stale writes raise the offset of A above that of B: A is still stale',
    phases: [
      steady,
      hung,
      promoted,
      {
        ...split,
        results: { ...split.results, [A]: master({ on: 'R1', offset: 1827 }) },
        facts: { ...split.facts, loss: { kind: 'not replicated', endpoint: B, bytes: 574 } },
      },
    ],
  },
  {
    name: 'M2, M3, M10: A accepts 574 bytes of writes after B lost its link: B wins, the loss is proven',
    phases: [
      steady,
      {
        at: 1900,
        results: {
          [A]: master({ on: 'R1', offset: 1827 }),
          [B]: replica({ on: 'R1', offset: 1253, link: 'down' }),
          [C]: replica({ on: 'R1', offset: 1253, link: 'down' }),
        },
        facts: steady.facts,
      },
      {
        at: 2000,
        results: { ...split.results, [A]: master({ on: 'R1', offset: 1827 }) },
        facts: {
          ...split.facts,
          failover: { from: A, to: B, tookMs: 0, cause: 'poll' },
          loss: { kind: 'not replicated', endpoint: B, bytes: 574 },
        },
      },
    ],
  },
  {
    name: 'M3, M9: A is demoted to B: an ordinary replica again',
    phases: [
      steady,
      hung,
      promoted,
      split,
      {
        at: 4000,
        results: { ...split.results, [A]: replica({ on: 'R5', offset: 1516 }) },
        facts: { ...split.facts, nodes: { [A]: 'replica', [B]: 'master', [C]: 'replica' } },
      },
    ],
  },
  {
    name: 'M3, M10: C is promoted next: A, two promotions behind, stays stale although a server remembers one step only',
    phases: [
      steady,
      hung,
      promoted,
      {
        at: 5000,
        signal: 'unblocked',
        results: {
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
    name: 'M8, M16: the accepted master is unreachable for a moment, only the stale one answers: it gets no writes',
    phases: [
      steady,
      hung,
      promoted,
      {
        at: 6000,
        signal: 'connection failed',
        results: { [A]: master({ on: 'R1', offset: 9999 }), [B]: faulty('REFUSED'), [C]: faulty('REFUSED') },
        facts: {
          kind: 'contested',
          claimants: [A],
          generation: 2,
          nodes: { [A]: 'stale', [B]: 'unusable', [C]: 'unusable' },
          failover: toB,
        },
      },
    ],
  },
  {
    name: 'M8, M13, M16: the accepted master is unreachable for a moment: a replica of the stale one does not make that one the master',
    phases: [
      steady,
      hung,
      { ...promoted, results: { ...promoted.results, [C]: replica({ on: 'R1', offset: 1253 }) } },
      {
        at: 6000,
        signal: 'reply timed out',
        results: {
          [A]: master({ on: 'R1', offset: 9999 }),
          [B]: faulty('TIMEOUT'),
          [C]: replica({ on: 'R1', offset: 9999 }),
        },
        facts: {
          kind: 'contested',
          claimants: [A],
          generation: 2,
          nodes: { [A]: 'stale', [B]: 'unusable', [C]: 'replica' },
          failover: toB,
        },
      },
    ],
  },
  {
    name: 'M3, M10: A hangs during two promotions, the first of which was observed: C is the heir of the heir',
    phases: [
      steady,
      hung,
      {
        at: 2010,
        results: {
          [A]: faulty('TIMEOUT'),
          [B]: replica({ on: 'R4/R1@1254', offset: 1300, link: 'down' }),
          [C]: replica({ on: 'R1', offset: 1253 }),
        },
        facts: hung.facts,
      },
      {
        at: 2090,
        results: {
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
    name: 'M13, M14, M16: A hangs during two promotions, the first of which was not observed: C is refused until the replicas follow it',
    phases: [
      steady,
      hung,
      {
        at: 2090,
        results: {
          [A]: faulty('TIMEOUT'),
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
        results: {
          [A]: faulty('TIMEOUT'),
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
        // No history connects A and C, so A cannot be proven stale, and writes stay with C.
        at: 3000,
        results: {
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
    name: 'M10, M16: B and C are both promoted while A is unreachable: history cannot decide, writes are held',
    phases: [
      steady,
      hung,
      {
        at: 2100,
        results: {
          [A]: faulty('TIMEOUT'),
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
        results: {
          [A]: faulty('TIMEOUT'),
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
    name: 'M13, M14: B and C are both promoted, and another replica follows B: writes go to B, the group is contested',
    phases: [
      steady,
      hung,
      {
        at: 2100,
        results: {
          [A]: faulty('TIMEOUT'),
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
    name: 'M3, M16: B and C are both promoted while A lives: A was superseded twice and gets no writes',
    phases: [
      steady,
      {
        at: 2100,
        results: {
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
    name: 'M16: B was promoted before its first sync: no heir, writes are held while A is unreachable',
    phases: [
      steady,
      {
        at: 2000,
        signal: 'connection closed',
        results: {
          [A]: faulty('REFUSED'),
          [B]: master({ on: 'R3/Rown@1', offset: 0 }),
          [C]: faulty('REFUSED'),
        },
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
    name: 'M9, M14: B was promoted before its first sync: no heir, writes stay with A',
    phases: [
      steady,
      {
        at: 2000,
        results: { ...steady.results, [B]: master({ on: 'R3/Rown@1', offset: 5000 }) },
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
    name: 'M8, M13: B is promoted by mistake and demoted again: its own report and the replicas make A the master again',
    phases: [
      steady,
      {
        at: 2000,
        results: { ...steady.results, [B]: master({ on: 'R4/R1@804', offset: 803 }) },
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
        results: steady.results,
        facts: {
          ...steady.facts,
          generation: 3,
          failover: { from: B, to: A, tookMs: 0, cause: 'unblocked' },
        },
      },
    ],
  },
  {
    name: 'M10, M15: FAILOVER TO B: both are replicas for a moment, then B is master and C is chained behind A',
    phases: [
      steady,
      {
        at: 2000,
        signal: 'unblocked',
        results: { ...steady.results, [A]: replica({ on: 'R1', offset: 803, link: 'down' }) },
        facts: {
          kind: 'masterless',
          generation: 1,
          nodes: { [A]: 'replica', [B]: 'replica', [C]: 'replica' },
        },
      },
      {
        at: 2004,
        signal: 'unblocked',
        results: {
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
