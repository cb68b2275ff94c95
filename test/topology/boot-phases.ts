import type { Case } from './phases.js';
import { A, B, C, master, onlyRole, pending, READER, replica, faulty } from './reports.js';

export const bootCases: readonly Case[] = [
  {
    name: 'M3, M6, M7: nothing is decided until every node was probed, then the heir wins',
    phases: [
      {
        at: 10,
        results: { [A]: master({ on: 'R1', offset: 9999 }), [B]: pending, [C]: pending },
        facts: {
          kind: 'unknown',
          generation: 0,
          nodes: { [A]: 'contender', [B]: 'pending', [C]: 'pending' },
        },
      },
      {
        at: 12,
        results: { [A]: master({ on: 'R1', offset: 9999 }), [B]: pending, [C]: faulty('REFUSED') },
        facts: {
          kind: 'unknown',
          generation: 0,
          nodes: { [A]: 'contender', [B]: 'pending', [C]: 'unusable' },
        },
      },
      {
        at: 14,
        results: {
          [A]: master({ on: 'R1', offset: 9999 }),
          [B]: master({ on: 'R5/R1@1254', offset: 1516 }),
          [C]: faulty('REFUSED'),
        },
        facts: {
          kind: 'steady',
          master: B,
          generation: 1,
          nodes: { [A]: 'stale', [B]: 'master', [C]: 'unusable' },
          loss: { kind: 'not replicated', endpoint: B, bytes: 8746 },
        },
      },
    ],
  },
  {
    name: 'M7: two masters with unrelated histories: writes are held until one is demoted',
    phases: [
      {
        at: 10,
        results: { [A]: master({ on: 'R1', offset: 9999 }), [B]: master({ on: 'R2', offset: 1 }) },
        facts: {
          kind: 'contested',
          claimants: [A, B],
          generation: 0,
          nodes: { [A]: 'contender', [B]: 'contender' },
        },
      },
      {
        at: 500,
        results: { [A]: replica({ on: 'R2', offset: 1 }), [B]: master({ on: 'R2', offset: 1 }) },
        facts: { kind: 'steady', master: B, generation: 1, nodes: { [A]: 'replica', [B]: 'master' } },
      },
    ],
  },
  {
    name: 'M15: no node is a master: masterless, no replica is chosen',
    phases: [
      {
        at: 10,
        results: { [A]: replica({ on: 'R1', offset: 5 }), [B]: replica({ on: 'R1', offset: 9 }) },
        facts: { kind: 'masterless', generation: 0, nodes: { [A]: 'replica', [B]: 'replica' } },
      },
    ],
  },
  {
    name: 'M15: no nodes at all: masterless',
    phases: [{ at: 10, results: {}, facts: { kind: 'masterless', generation: 0, nodes: {} } }],
  },
  {
    name: 'M6, M9: a node that joins a decided group does not undo the decision',
    phases: [
      {
        at: 10,
        results: { [A]: master({ on: 'R1' }) },
        facts: { kind: 'steady', master: A, generation: 1, nodes: { [A]: 'master' } },
      },
      {
        at: 20,
        results: { [A]: master({ on: 'R1' }), [B]: pending },
        facts: { kind: 'steady', master: A, generation: 1, nodes: { [A]: 'master', [B]: 'pending' } },
      },
    ],
  },
  {
    name: 'M12, M14: only roles are known: a second master changes nothing while the first stays',
    phases: [
      {
        at: 10,
        results: { [A]: onlyRole('master'), [B]: onlyRole('replica') },
        facts: { kind: 'steady', master: A, generation: 1, nodes: { [A]: 'master', [B]: 'replica' } },
      },
      {
        at: 20,
        results: { [A]: onlyRole('master'), [B]: onlyRole('master') },
        facts: {
          kind: 'contested',
          master: A,
          claimants: [A, B],
          generation: 1,
          nodes: { [A]: 'master', [B]: 'contender' },
        },
      },
      {
        at: 30,
        signal: 'unblocked',
        results: { [A]: onlyRole('replica'), [B]: onlyRole('master') },
        facts: {
          kind: 'steady',
          master: B,
          generation: 2,
          nodes: { [A]: 'replica', [B]: 'master' },
          failover: { from: A, to: B, tookMs: 0, cause: 'unblocked' },
        },
      },
    ],
  },
  {
    name: 'M7, M12: only roles are known, and two masters from the start: writes are held',
    phases: [
      {
        at: 10,
        results: { [A]: onlyRole('master'), [B]: onlyRole('master') },
        facts: {
          kind: 'contested',
          claimants: [A, B],
          generation: 0,
          nodes: { [A]: 'contender', [B]: 'contender' },
        },
      },
    ],
  },
  {
    name: 'M12, M14: the new master reports its role only: it does not inherit facts about the old one',
    phases: [
      {
        at: 10,
        results: { [A]: master({ on: 'R1', offset: 900 }), [B]: onlyRole('replica') },
        facts: { kind: 'steady', master: A, generation: 1, nodes: { [A]: 'master', [B]: 'replica' } },
      },
      {
        at: 20,
        signal: 'connection closed',
        results: { [A]: faulty('REFUSED'), [B]: onlyRole('master') },
        facts: {
          kind: 'steady',
          master: B,
          generation: 2,
          nodes: { [A]: 'unusable', [B]: 'master' },
          failover: { from: A, to: B, tookMs: 0, cause: 'connection closed' },
        },
      },
      {
        at: 30,
        results: { [A]: master({ on: 'R1', offset: 900 }), [B]: onlyRole('master') },
        facts: {
          kind: 'contested',
          master: B,
          claimants: [A, B],
          generation: 2,
          nodes: { [A]: 'contender', [B]: 'master' },
          failover: { from: A, to: B, tookMs: 0, cause: 'connection closed' },
        },
      },
    ],
  },
  {
    name: 'M9, M10: a busy script leaves only the role of the master visible: earlier facts about it are kept',
    phases: [
      {
        at: 10,
        results: { [A]: master({ on: 'R1', offset: 1127 }), [B]: replica({ on: 'R1', offset: 803 }) },
        facts: { kind: 'steady', master: A, generation: 1, nodes: { [A]: 'master', [B]: 'replica' } },
      },
      {
        at: 20,
        results: { [A]: onlyRole('master'), [B]: replica({ on: 'R1', offset: 803 }) },
        facts: { kind: 'steady', master: A, generation: 1, nodes: { [A]: 'master', [B]: 'replica' } },
      },
      {
        at: 30,
        signal: 'connection closed',
        results: { [A]: faulty('REFUSED'), [B]: master({ on: 'R5/R1@804', offset: 803 }) },
        facts: {
          kind: 'steady',
          master: B,
          generation: 2,
          nodes: { [A]: 'unusable', [B]: 'master' },
          failover: { from: A, to: B, tookMs: 0, cause: 'connection closed' },
          loss: { kind: 'not replicated', endpoint: B, bytes: 324 },
        },
      },
    ],
  },
  {
    name: 'M1: a reader endpoint that leads to the master is an alias, not a second master',
    phases: [
      {
        at: 10,
        results: {
          [A]: master({ on: 'R1' }),
          [READER]: master({ on: 'R1', run: `run of ${A}` }),
          [B]: replica({ on: 'R1' }),
        },
        facts: { kind: 'steady', master: A, generation: 1, nodes: { [A]: 'master', [B]: 'replica' } },
      },
      {
        // DNS moves: the reader endpoint now leads to B.
        at: 20,
        results: {
          [A]: master({ on: 'R1' }),
          [READER]: replica({ on: 'R1', run: `run of ${B}` }),
          [B]: replica({ on: 'R1' }),
        },
        facts: { kind: 'steady', master: A, generation: 1, nodes: { [A]: 'master', [B]: 'replica' } },
      },
    ],
  },
];
