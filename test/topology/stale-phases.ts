import { steady, split } from './failover-phases.js';
import type { Case, Phase } from './phases.js';
import { A, B, C, D, master, replica, faulty } from './reports.js';

const alone = master({ on: 'R1', offset: 1500 });

/** B, which cannot be reached, was promoted; C, which can, follows it. */
const provenByReplica: Phase = {
  at: 2000,
  signal: 'unblocked',
  results: { [A]: alone, [B]: faulty('TIMEOUT'), [C]: replica({ on: 'R5/R1@1254', offset: 1300 }) },
  facts: {
    kind: 'contested',
    claimants: [A],
    generation: 1,
    nodes: { [A]: 'stale', [B]: 'unusable', [C]: 'replica' },
  },
};

const withReplica = (result: ReturnType<typeof replica>): Phase => ({
  ...provenByReplica,
  results: { ...provenByReplica.results, [C]: result },
});

export const staleCases: readonly Case[] = [
  {
    name: 'M4, M10, M16: a replica on the history of an heir that cannot be reached proves A stale; the heir gets the writes',
    phases: [
      steady,
      provenByReplica,
      withReplica(replica({ on: 'R5/R1@1254', offset: 1300, link: 'down' })),
      {
        ...split,
        at: 2500,
        results: { ...split.results, [A]: alone },
        facts: {
          ...split.facts,
          failover: { from: A, to: B, tookMs: 500, cause: 'unblocked' },
          loss: { kind: 'not replicated', endpoint: B, bytes: 247 },
        },
      },
    ],
  },
  {
    name: 'M4, M15: a replica may report a switchover before the other nodes are probed again: no split brain',
    phases: [
      steady,
      {
        ...provenByReplica,
        results: { ...provenByReplica.results, [B]: replica({ on: 'R1', offset: 1253 }) },
        facts: {
          kind: 'masterless',
          generation: 1,
          nodes: { [A]: 'stale', [B]: 'replica', [C]: 'replica' },
        },
      },
    ],
  },
  {
    name: 'M4, M7: a replica on the history of an heir proves A stale at boot too',
    phases: [{ ...provenByReplica, facts: { ...provenByReplica.facts, generation: 0 } }],
  },
  {
    name: 'M4, M9: a replica in a full sync proves nothing, because it is about to discard its history',
    phases: [
      steady,
      {
        ...withReplica(replica({ on: 'R5/R1@1254', offset: 1300, link: 'syncing' })),
        facts: { ...steady.facts, nodes: { [A]: 'master', [B]: 'unusable', [C]: 'replica' } },
      },
    ],
  },
  {
    name: 'M4, M8, M18: a replica that follows A again restores A after a second, although the heir is still out of reach',
    phases: [
      steady,
      provenByReplica,
      { ...provenByReplica, at: 3000, results: { ...steady.results, [B]: faulty('TIMEOUT') } },
      { ...provenByReplica, at: 3999, results: { ...steady.results, [B]: faulty('TIMEOUT') } },
      {
        ...steady,
        at: 4000,
        results: { ...steady.results, [B]: faulty('TIMEOUT') },
        facts: { ...steady.facts, nodes: { [A]: 'master', [B]: 'unusable', [C]: 'replica' } },
      },
    ],
  },
  {
    name: 'M4, M7: one replica that was once promoted does not outweigh the majority that follows A',
    phases: [
      {
        ...steady,
        results: { ...steady.results, [D]: replica({ on: 'R5/R1@700', offset: 750, link: 'down' }) },
        facts: { ...steady.facts, nodes: { ...steady.facts.nodes, [D]: 'replica' } },
      },
    ],
  },
  {
    name: 'M2, M3: the loss grows while others write to the stale master, and stays when it is demoted',
    phases: [
      steady,
      { ...split, results: { ...split.results, [A]: master({ on: 'R1', offset: 1353 }) }, facts: lost(100) },
      {
        ...split,
        at: 3500,
        results: { ...split.results, [A]: master({ on: 'R1', offset: 1827 }) },
        facts: lost(574),
      },
      {
        ...split,
        at: 4000,
        results: { ...split.results, [A]: master({ on: 'R1', offset: 1827 }) },
        facts: lost(574),
      },
      {
        ...split,
        at: 4500,
        results: { ...split.results, [A]: replica({ on: 'R5/R1@1254', offset: 1516 }) },
        facts: { ...lost(574), nodes: { [A]: 'replica', [B]: 'master', [C]: 'replica' } },
      },
    ],
  },
];

function lost(bytes: number): Phase['facts'] {
  return {
    ...split.facts,
    failover: { from: A, to: B, tookMs: 0, cause: 'poll' },
    loss: { kind: 'not replicated', endpoint: B, bytes },
  };
}
