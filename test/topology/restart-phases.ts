import { steady } from './failover-phases.js';
import type { Case, Phase } from './phases.js';
import { A, B, C, master, replica, faulty } from './reports.js';

const down: Phase = {
  at: 2000,
  signal: { kind: 'connection closed', endpoint: A, at: 2000 },
  results: {
    [A]: faulty('REFUSED', 'connect ECONNREFUSED'),
    [B]: replica({ on: 'R1', offset: 1127, link: 'down' }),
    [C]: replica({ on: 'R1', offset: 1127, link: 'down' }),
  },
  facts: { kind: 'masterless', generation: 1, nodes: { [A]: 'unusable', [B]: 'replica', [C]: 'replica' } },
};

/** Establishes 1127 as the highest known offset of A. */
const written: Phase = {
  ...steady,
  at: 1900,
  results: { ...steady.results, [A]: master({ on: 'R1', offset: 1127, keys: 9 }) },
};

const synced = (on: string) => ({ [B]: replica({ on, offset: 900 }), [C]: replica({ on, offset: 900 }) });

export const restartCases: readonly Case[] = [
  {
    name: 'M11: A comes back empty at its address: it is the master, and the loss of all data is reported',
    phases: [
      written,
      down,
      {
        at: 3600,
        results: { [A]: master({ on: 'R4', offset: 0, keys: 0, run: 'A again' }), ...synced('R4') },
        facts: { ...steady.facts, loss: { kind: 'restarted empty', endpoint: A, bytes: 1127 } },
      },
      {
        at: 4000,
        results: { [A]: master({ on: 'R4', offset: 900, run: 'A again' }), ...synced('R4') },
        facts: { ...steady.facts, loss: { kind: 'restarted empty', endpoint: A, bytes: 1127 } },
      },
    ],
  },
  {
    name: 'M11: A comes back from its append-only file, with a new replication id and all its keys: nothing lost',
    phases: [
      written,
      down,
      {
        at: 3600,
        results: { [A]: master({ on: 'R4', offset: 0, keys: 9, run: 'A again' }), ...synced('R4') },
        facts: steady.facts,
      },
    ],
  },
  {
    name: 'M10, M11: A comes back with all its data: the same master, nothing lost',
    phases: [
      written,
      down,
      {
        at: 2300,
        results: {
          [A]: master({ on: 'R4/R1@1128', offset: 1127, run: 'A again' }),
          ...synced('R4/R1@1128'),
        },
        facts: steady.facts,
      },
    ],
  },
  {
    name: 'M10, M11: A comes back from an older snapshot: the same master, 324 bytes lost',
    phases: [
      written,
      down,
      {
        at: 2300,
        results: { [A]: master({ on: 'R3/R1@804', offset: 803, run: 'A again' }), ...synced('R3/R1@804') },
        facts: { ...steady.facts, loss: { kind: 'restarted behind', endpoint: A, bytes: 324 } },
      },
    ],
  },
  {
    name: 'M10, M14: A comes back empty while B was promoted: B is the provable heir and gets the writes',
    phases: [
      written,
      down,
      {
        at: 2100,
        results: {
          [A]: master({ on: 'R4', offset: 0, run: 'A again' }),
          [B]: master({ on: 'R5/R1@1128', offset: 1127 }),
          [C]: replica({ on: 'R1', offset: 1127, link: 'down' }),
        },
        facts: {
          kind: 'contested',
          master: B,
          claimants: [A, B],
          generation: 2,
          nodes: { [A]: 'contender', [B]: 'master', [C]: 'replica' },
          failover: { from: A, to: B, tookMs: 100, cause: 'connection closed' },
        },
      },
    ],
  },
  {
    name: 'M9: a single master gets its first replica: its new replication id causes no event',
    phases: [
      {
        at: 1000,
        results: { [A]: master({ on: 'R1', offset: 50 }), [B]: faulty('REFUSED') },
        facts: { kind: 'steady', master: A, generation: 1, nodes: { [A]: 'master', [B]: 'unusable' } },
      },
      {
        at: 1500,
        results: { [A]: master({ on: 'R3', offset: 64 }), [B]: replica({ on: 'R3', offset: 64 }) },
        facts: { kind: 'steady', master: A, generation: 1, nodes: { [A]: 'master', [B]: 'replica' } },
      },
    ],
  },
  {
    name: 'M9: the backlog of a master without replicas expires: its new id, without the previous one, causes no event',
    phases: [
      {
        at: 1000,
        results: { [A]: master({ on: 'R3/R1@804', offset: 900 }), [B]: faulty('REFUSED') },
        facts: { kind: 'steady', master: A, generation: 1, nodes: { [A]: 'master', [B]: 'unusable' } },
      },
      {
        at: 3_600_000,
        results: { [A]: master({ on: 'R5', offset: 900 }), [B]: faulty('REFUSED') },
        facts: { kind: 'steady', master: A, generation: 1, nodes: { [A]: 'master', [B]: 'unusable' } },
      },
    ],
  },
  {
    name: 'M5, M10, M14: a replica that was restarted claims to be master while A lives: writes stay with A',
    phases: [
      written,
      {
        at: 2000,
        results: { ...written.results, [B]: master({ on: 'R7/R1@1128', offset: 1127, run: 'B again' }) },
        facts: {
          kind: 'contested',
          master: A,
          claimants: [A, B],
          generation: 1,
          nodes: { [A]: 'master', [B]: 'contender', [C]: 'replica' },
        },
      },
      {
        at: 2500,
        results: { ...written.results, [B]: replica({ on: 'R1', offset: 1127, run: 'B again' }) },
        facts: steady.facts,
      },
      {
        // The same process was a replica before: it was promoted, so it is the heir.
        at: 3000,
        results: { ...written.results, [B]: master({ on: 'R8/R1@1128', offset: 1127, run: 'B again' }) },
        facts: {
          kind: 'steady',
          master: B,
          generation: 2,
          nodes: { [A]: 'stale', [B]: 'master', [C]: 'replica' },
          failover: { from: A, to: B, tookMs: 0, cause: 'poll' },
        },
      },
    ],
  },
  {
    name: 'M5: a replica was restarted as a master and its peers follow it: it is the heir',
    phases: [
      written,
      {
        at: 2000,
        results: {
          [A]: master({ on: 'R1', offset: 1127 }),
          [B]: master({ on: 'R7/R1@1128', offset: 1127, run: 'B again' }),
          [C]: replica({ on: 'R7/R1@1128', offset: 1127 }),
        },
        facts: {
          kind: 'steady',
          master: B,
          generation: 2,
          nodes: { [A]: 'stale', [B]: 'master', [C]: 'replica' },
          failover: { from: A, to: B, tookMs: 0, cause: 'poll' },
        },
      },
    ],
  },
  {
    name: 'M3, M10, M11: the promoted master is restarted with its data: the old master is still stale',
    phases: [
      written,
      {
        at: 2000,
        results: { ...written.results, [B]: master({ on: 'R5/R1@1128', offset: 1127 }) },
        facts: {
          kind: 'steady',
          master: B,
          generation: 2,
          nodes: { [A]: 'stale', [B]: 'master', [C]: 'replica' },
          failover: { from: A, to: B, tookMs: 0, cause: 'poll' },
        },
      },
      {
        at: 3000,
        results: { ...written.results, [B]: master({ on: 'R6/R5@1128', offset: 1127, run: 'B again' }) },
        facts: {
          kind: 'steady',
          master: B,
          generation: 2,
          nodes: { [A]: 'stale', [B]: 'master', [C]: 'replica' },
          failover: { from: A, to: B, tookMs: 0, cause: 'poll' },
        },
      },
    ],
  },
  {
    name: 'M10, M14: a contest in which the master kept its writes does not start the clock of a later failover',
    phases: [
      written,
      {
        at: 2000,
        results: { ...written.results, [C]: master({ on: 'Rown', offset: 1, run: 'C again' }) },
        facts: {
          kind: 'contested',
          master: A,
          claimants: [A, C],
          generation: 1,
          nodes: { [A]: 'master', [B]: 'replica', [C]: 'contender' },
        },
      },
      {
        at: 900_000,
        signal: 'connection closed',
        results: {
          [A]: faulty('REFUSED'),
          [B]: master({ on: 'R5/R1@1128', offset: 1127 }),
          [C]: faulty('REFUSED'),
        },
        facts: {
          kind: 'steady',
          master: B,
          generation: 2,
          nodes: { [A]: 'unusable', [B]: 'master', [C]: 'unusable' },
          failover: { from: A, to: B, tookMs: 0, cause: 'connection closed' },
        },
      },
    ],
  },
];
