import { steady } from './failover-phases.js';
import type { Case, Phase } from './phases.js';
import { A, B, C, faulty, master, replica, untrusted } from './reports.js';

const all = steady.results;

/** Somebody writes into the `INFO` of A; its role is known from `ROLE`. */
const attacked: Phase = {
  ...steady,
  at: 2000,
  results: { ...all, [A]: untrusted('master', { run: `run of ${A}`, offset: 900 }) },
};

/** The same on a connection that was opened meanwhile, so that not even the run id is known. */
const nameless: Phase = {
  ...attacked,
  at: 3000,
  results: { ...all, [A]: untrusted('master', { offset: 900 }) },
};

const readsR1 = replica({ on: 'R1', offset: 900 });
const failover = { from: A, to: B, tookMs: 0, cause: 'poll' } as const;

/** B was promoted while A is out of reach, and somebody writes into its `INFO`. */
const promoted = (run: string | undefined, facts: Phase['facts']): Phase => ({
  at: 4000,
  results: {
    [A]: faulty('REFUSED'),
    [B]: untrusted('master', { offset: 950, ...(run !== undefined && { run }) }),
    [C]: readsR1,
  },
  facts,
});

const toB: Phase['facts'] = {
  kind: 'steady',
  master: B,
  generation: 2,
  nodes: { [A]: 'unusable', [B]: 'master', [C]: 'replica' },
  failover,
};

const backToA: Phase['facts'] = {
  kind: 'steady',
  master: A,
  generation: 3,
  nodes: { [A]: 'master', [B]: 'replica', [C]: 'replica' },
  failover: { from: B, to: A, tookMs: 0, cause: 'poll' },
};

const held: Phase['facts'] = {
  kind: 'contested',
  claimants: [B],
  generation: 1,
  nodes: { [A]: 'unusable', [B]: 'contender', [C]: 'replica' },
};

export const untrustedCases: readonly Case[] = [
  {
    name: 'M9, M21: the accepted master stays it while its answers are untrusted',
    phases: [steady, attacked, nameless],
  },
  {
    name: 'M4, M21: a witness proves it over, also when it cannot tell on a new connection which process it is',
    phases: [
      steady,
      nameless,
      {
        at: 4000,
        results: {
          [A]: untrusted('master', { offset: 960 }),
          [B]: replica({ on: 'R5/R1@901', offset: 950, follows: C }),
          [C]: faulty('TIMEOUT'),
        },
        facts: {
          kind: 'contested',
          claimants: [A],
          generation: 1,
          nodes: { [A]: 'stale', [B]: 'replica', [C]: 'unusable' },
        },
      },
    ],
  },
  { name: 'M9, M21: and when they are trusted again', phases: [steady, attacked, { ...steady, at: 4000 }] },
  {
    name: 'M10, M21: an untrusted process that was a replica of the accepted master, and is a master now, is its heir',
    phases: [steady, promoted(`run of ${B}`, toB)],
  },
  {
    name: 'M8, M21: such an heir supersedes the master before it, although it cannot show its id',
    phases: [
      steady,
      promoted(`run of ${B}`, toB),
      {
        at: 5000,
        results: { [A]: master({ on: 'R1', offset: 900 }), [B]: faulty('TIMEOUT'), [C]: readsR1 },
        facts: {
          kind: 'contested',
          claimants: [A],
          generation: 2,
          nodes: { [A]: 'stale', [B]: 'unusable', [C]: 'replica' },
          failover,
        },
      },
    ],
  },
  {
    name: 'M16, M21: an untrusted claim does not take over by its role alone, as one without a history would',
    phases: [steady, promoted(undefined, held), promoted('another run', held)],
  },
  {
    name: 'M13, M21: an untrusted claim is confirmed by the replicas that say they follow it, and stays accepted with its id',
    phases: [
      steady,
      {
        at: 4000,
        results: {
          [A]: faulty('TIMEOUT'),
          [B]: master({ on: 'R5/R1@901', offset: 950 }),
          [C]: replica({ on: 'R1', offset: 900 }),
        },
        facts: toB,
      },
      {
        at: 5000,
        results: {
          [A]: untrusted('master', { offset: 960 }),
          [B]: replica({ on: 'R1', offset: 950, follows: A }),
          [C]: replica({ on: 'R1', offset: 950, follows: A }),
        },
        facts: backToA,
      },
      {
        at: 6000,
        results: {
          [A]: master({ on: 'R1', offset: 970 }),
          [B]: replica({ on: 'R1', offset: 960, follows: A }),
          [C]: replica({ on: 'R1', offset: 960, follows: A }),
        },
        facts: backToA,
      },
    ],
  },
  {
    name: 'M3, M21: a stale master whose answers become untrusted stays stale',
    phases: [
      steady,
      {
        at: 4000,
        results: {
          [A]: master({ on: 'R1', offset: 900 }),
          [B]: master({ on: 'R5/R1@901', offset: 950 }),
          [C]: readsR1,
        },
        facts: { ...toB, nodes: { ...toB.nodes, [A]: 'stale' } },
      },
      {
        at: 5000,
        results: {
          [A]: untrusted('master', { run: `run of ${A}`, offset: 900 }),
          [B]: faulty('TIMEOUT'),
          [C]: readsR1,
        },
        facts: {
          kind: 'contested',
          claimants: [A],
          generation: 2,
          nodes: { [A]: 'stale', [B]: 'unusable', [C]: 'replica' },
          failover,
        },
      },
    ],
  },
];

const copyOfA = `run of ${A}`;
const copyOfB = `run of ${B}`;
/** Comes before B in alphabetical order, as a liar would choose. */
const LIAR = '10.0.0.0:6379';

export const repeatedRunIdCases: readonly Case[] = [
  {
    name: 'M1: a replica that reports the run id of the master does not speak for it, whichever was probed last',
    phases: [
      steady,
      { ...steady, at: 2000, results: { ...all, [C]: replica({ on: 'R1', run: copyOfA }) } },
      { ...steady, at: 3000, results: { ...all, [C]: replica({ on: 'R9', run: copyOfA, link: 'down' }) } },
    ].map((phase, index) =>
      index === 0 ? phase : { ...phase, facts: { ...phase.facts, nodes: { [A]: 'master', [B]: 'replica' } } },
    ),
  },
  {
    name: 'M1, M10: a replica that reports the run id of another one does not hide its promotion',
    phases: [
      {
        ...steady,
        results: {
          [A]: master({ on: 'R1' }),
          [B]: replica({ on: 'R1' }),
          [LIAR]: replica({ on: 'R1', run: copyOfB }),
        },
        facts: { ...steady.facts, nodes: { [A]: 'master', [LIAR]: 'replica' } },
      },
      {
        at: 4000,
        results: {
          [A]: faulty('REFUSED'),
          [B]: master({ on: 'R5/R1@9' }),
          [LIAR]: replica({ on: 'R1', run: copyOfB }),
        },
        facts: { ...toB, nodes: { [A]: 'unusable', [B]: 'master' } },
      },
    ],
  },
];
