import { steady, split } from './failover-phases.js';
import type { Case, Phase } from './phases.js';
import { A, B, C, D, master, replica, silent } from './reports.js';

const alone = master({ on: 'R1', offset: 1500 });

/** B was promoted where we cannot see it; C, which we can see, was put under B. */
const toldByReplica: Phase = {
  at: 2000,
  signal: 'unblocked',
  saw: { [A]: alone, [B]: silent('TIMEOUT'), [C]: replica({ on: 'R5/R1@1254', offset: 1300 }) },
  facts: {
    kind: 'contested',
    claimants: [A],
    generation: 1,
    nodes: { [A]: 'stale', [B]: 'unusable', [C]: 'replica' },
  },
};

const withReplica = (said: ReturnType<typeof replica>): Phase => ({
  ...toldByReplica,
  saw: { ...toldByReplica.saw, [C]: said },
});

export const staleCases: readonly Case[] = [
  {
    name: 'a replica on the history of an heir that cannot be reached proves A stale; the heir gets the writes',
    phases: [
      steady,
      toldByReplica,
      withReplica(replica({ on: 'R5/R1@1254', offset: 1300, link: 'down' })),
      {
        ...split,
        at: 2500,
        saw: { ...split.saw, [A]: alone },
        facts: {
          ...split.facts,
          failover: { from: A, to: B, tookMs: 500, cause: 'unblocked' },
          loss: { kind: 'not replicated', endpoint: B, bytes: 247 },
        },
      },
    ],
  },
  {
    name: 'in a swap a replica may tell of it before the others were looked at again: that is no split brain',
    phases: [
      steady,
      {
        ...toldByReplica,
        saw: { ...toldByReplica.saw, [B]: replica({ on: 'R1', offset: 1253 }) },
        facts: {
          kind: 'masterless',
          generation: 1,
          nodes: { [A]: 'stale', [B]: 'replica', [C]: 'replica' },
        },
      },
    ],
  },
  {
    name: 'a replica on the history of an heir proves A stale at boot too',
    phases: [{ ...toldByReplica, facts: { ...toldByReplica.facts, generation: 0 } }],
  },
  {
    name: 'a replica that is being filled anew proves nothing by the history it gives up',
    phases: [
      steady,
      {
        ...withReplica(replica({ on: 'R5/R1@1254', offset: 1300, link: 'syncing' })),
        facts: { ...steady.facts, nodes: { [A]: 'master', [B]: 'unusable', [C]: 'replica' } },
      },
    ],
  },
  {
    name: 'a replica that was put back under A ends the doubt',
    phases: [
      steady,
      toldByReplica,
      {
        ...steady,
        at: 3000,
        saw: { ...steady.saw, [B]: silent('TIMEOUT') },
        facts: { ...steady.facts, nodes: { [A]: 'master', [B]: 'unusable', [C]: 'replica' } },
      },
    ],
  },
  {
    name: 'one replica with a promotion of its own past does not outweigh the majority that follows A',
    phases: [
      {
        ...steady,
        saw: { ...steady.saw, [D]: replica({ on: 'R5/R1@700', offset: 750, link: 'down' }) },
        facts: { ...steady.facts, nodes: { ...steady.facts.nodes, [D]: 'replica' } },
      },
    ],
  },
  {
    name: 'the loss grows while others write to the stale master, and stays when it is demoted',
    phases: [
      steady,
      { ...split, saw: { ...split.saw, [A]: master({ on: 'R1', offset: 1353 }) }, facts: lost(100) },
      {
        ...split,
        at: 3500,
        saw: { ...split.saw, [A]: master({ on: 'R1', offset: 1827 }) },
        facts: lost(574),
      },
      {
        ...split,
        at: 4000,
        saw: { ...split.saw, [A]: master({ on: 'R1', offset: 1827 }) },
        facts: lost(574),
      },
      {
        ...split,
        at: 4500,
        saw: { ...split.saw, [A]: replica({ on: 'R5/R1@1254', offset: 1516 }) },
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
