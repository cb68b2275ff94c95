import { expect, test } from 'vitest';
import { initialResolution, resolveTopology, type Resolution } from '../../lib/topology/resolve-topology.js';
import { findNode } from '../../lib/topology/topology.js';
import {
  A,
  B,
  C,
  D,
  faulty,
  master,
  observe,
  onlyRole,
  replica,
  untrusted,
  type ProbeResult,
} from './reports.js';

type Round = readonly [at: number, results: Readonly<Record<string, ProbeResult>>];

const resolve = (rounds: readonly Round[], before: Resolution = initialResolution(0)) =>
  rounds.reduce((resolution, [at, results]) => resolveTopology(resolution, observe({ at, results })), before);
const masterAfter = (rounds: readonly Round[]) => {
  const { topology } = resolve(rounds);
  return [topology.kind, 'master' in topology ? topology.master : undefined, topology.lastFailover?.proof];
};

/** A process that was trusted on R1. Somebody writes into its INFO, and it begins the history R6 without any replica. */
const attacked = untrusted('master', { run: `run of ${A}`, offset: 100 });
const onNewHistory = replica({ on: 'R6', offset: 100, follows: A });
const gone = faulty('REFUSED');

const first = { [A]: master({ on: 'R1', offset: 100 }), [B]: replica({ on: 'R1', offset: 100 }) };
const heir = master({ on: 'R7/R1@101', offset: 150 });

test('M13, M21: an untrusted master that began a new history is confirmed by replicas that follow it, once the heir is one', () => {
  const rounds: readonly Round[] = [
    [0, first],
    [1000, { [A]: attacked, [B]: heir }],
  ];
  expect(masterAfter(rounds)).toEqual(['steady', B, 'history']);
  const back = { [A]: attacked, [B]: onNewHistory };
  expect(masterAfter([...rounds, [2000, back]])).toEqual(['steady', A, 'replicas']);
  const elsewhere = { [A]: attacked, [B]: replica({ on: 'R6', offset: 100, follows: C }) };
  expect(masterAfter([...rounds, [2000, elsewhere]])).toEqual(['contested', undefined, 'history']);
  const syncing = { [A]: attacked, [B]: replica({ on: 'R6', follows: A, link: 'syncing' }) };
  expect(masterAfter([...rounds, [2000, syncing]])).toEqual(['contested', undefined, 'history']);
});

test('M14, M21: beside an heir that can be reached, a new history of the untrusted master before it takes no writes', () => {
  const rounds: readonly Round[] = [
    [0, { ...first, [C]: replica({ on: 'R1' }) }],
    [1000, { [A]: attacked, [B]: heir, [C]: replica({ on: 'R1' }) }],
  ];
  const followed = { [A]: attacked, [B]: heir, [C]: onNewHistory };
  expect(masterAfter([...rounds, [2000, followed], [60_000, followed]])).toEqual(['contested', B, 'history']);
});

test('M3, M21: an untrusted master that began a new history is superseded by an heir of that history', () => {
  const rounds: readonly Round[] = [
    [0, first],
    [1000, { [A]: attacked, [B]: onNewHistory }],
    [2000, { [A]: attacked, [B]: gone }],
    [3000, { [A]: attacked, [B]: master({ on: 'R8/R6@101', offset: 150 }) }],
  ];
  expect(masterAfter(rounds)).toEqual(['steady', B, 'history']);
  const { topology } = resolve(rounds);
  expect(findNode(topology, A)).toMatchObject({ kind: 'stale', untrusted: true });
});

test('M3, M21: so is one that was never trusted, and one that was promoted when it was untrusted', () => {
  const nameless = untrusted('master', { offset: 100 });
  const onR1 = replica({ on: 'R1', offset: 100, follows: A });
  expect(masterAfter([[0, { [A]: nameless, [B]: heir, [C]: onR1 }]])).toEqual(['steady', B, undefined]);
  const promoted = untrusted('master', { run: `run of ${B}`, offset: 150 });
  const rounds: readonly Round[] = [
    [0, { ...first, [C]: onR1 }],
    [1000, { [A]: gone, [B]: promoted, [C]: onR1 }],
    [2000, { [A]: gone, [B]: promoted, [C]: replica({ on: 'R7/R1@101', offset: 150, follows: B }) }],
    [3000, { [A]: gone, [B]: promoted, [C]: master({ on: 'R8/R7@151', offset: 150 }) }],
  ];
  expect(masterAfter(rounds.slice(0, -1))).toEqual(['steady', B, 'history']);
  expect(masterAfter(rounds)).toEqual(['steady', C, 'history']);
});

test('M21: replicas that contradict one another, or have not heard of a promotion yet, do not tell the id of their master', () => {
  const readers = { [C]: replica({ on: 'R1' }), [D]: replica({ on: 'R1' }) };
  const onOldHistory = replica({ on: 'R1', offset: 100, follows: A });
  const followers = (more: Readonly<Record<string, ProbeResult>>) => {
    const { topology } = resolve([
      [0, { ...first, ...readers }],
      [1000, { [A]: attacked, [B]: onOldHistory, ...more }],
    ]);
    return topology.nodes.flatMap((node) => ('following' in node && node.following ? node.endpoint : []));
  };
  expect(followers({ [C]: onNewHistory, [D]: onOldHistory })).toEqual([C]);
  expect(followers({ [C]: onNewHistory, [D]: replica({ on: 'R9', follows: A }) })).toEqual([B]);
  const promoted = untrusted('master', { run: `run of ${B}`, offset: 150 });
  const rounds: readonly Round[] = [
    [0, { ...first, ...readers }],
    [1000, { [A]: gone, [B]: promoted, [C]: replica({ on: 'R1', follows: B }), [D]: gone }],
    [2000, { [A]: master({ on: 'R1' }), [B]: promoted, [C]: replica({ on: 'R1', follows: B }), [D]: gone }],
  ];
  expect(masterAfter(rounds)).toEqual(['steady', B, 'history']);
  expect(findNode(resolve(rounds).topology, A)).toMatchObject({ kind: 'stale' });
});

test('M21: a replica on the new history of the untrusted master that is in use is none of a stranger', () => {
  const { topology } = resolve([
    [0, { ...first, [C]: replica({ on: 'R1' }) }],
    [1000, { [A]: attacked, [B]: onNewHistory, [C]: replica({ on: 'R9', offset: 100, follows: D }) }],
  ]);
  expect(topology).toMatchObject({ kind: 'steady', master: A });
  expect(findNode(topology, B)).toMatchObject({ following: true, lagBytes: 0 });
  expect(findNode(topology, B)).not.toHaveProperty('foreign');
  expect(findNode(topology, B)).not.toHaveProperty('astray');
  expect(findNode(topology, C)).toMatchObject({ following: false, foreign: true, astray: true });
});

test('M3, M21: what a process told is not forgotten because it is busy and tells its role only', () => {
  const rounds = (between: ProbeResult): readonly Round[] => [
    [0, first],
    [1000, { [A]: between, [B]: replica({ on: 'R1', offset: 100 }) }],
    [2000, { [A]: attacked, [B]: heir }],
  ];
  expect(masterAfter(rounds(onlyRole('master')))).toEqual(['steady', B, 'history']);
  expect(masterAfter(rounds(gone))).toEqual(['steady', B, 'history']);
  expect(masterAfter(rounds(master({ on: 'R3', run: 'another' })))).toEqual(['contested', A, undefined]);
});
