import { describe, expect, test } from 'vitest';
import { initialResolution, resolveTopology } from '../../lib/topology/resolve-topology.js';
import { findNode } from '../../lib/topology/topology.js';
import { bootCases } from './boot-phases.js';
import { failoverCases } from './failover-phases.js';
import { factsOf, type Case, type Phase } from './phases.js';
import { restartCases } from './restart-phases.js';
import { staleCases } from './stale-phases.js';
import { repeatedRunIdCases, untrustedCases } from './untrusted-phases.js';
import { A, B, C, master, observe, onlyRole, READER, replica, faulty } from './reports.js';

const named = (cases: readonly Case[]) => cases.map(({ name, phases }) => [name, phases] as const);

function runPhases(phases: readonly Phase[]): void {
  let resolution = initialResolution(0);
  for (const phase of phases) {
    const observations = observe(phase);
    const before = resolution;
    resolution = resolveTopology(before, observations);
    const where = `phase at ${phase.at}`;
    expect(factsOf(resolution.topology), where).toEqual(phase.facts);
    const reversed = resolveTopology(before, observations.toReversed()).topology;
    expect(reversed, `${where}, nodes in another order`).toEqual(resolution.topology);
    const again = resolveTopology(resolution, observations).topology;
    expect(again, `${where}, observed twice`).toEqual(resolution.topology);
  }
}

describe('a failover', () => {
  test.each(named(failoverCases))('%s', (_, phases) => runPhases(phases));
});

describe('a superseded master', () => {
  test.each(named(staleCases))('%s', (_, phases) => runPhases(phases));
});

describe('a restart', () => {
  test.each(named(restartCases))('%s', (_, phases) => runPhases(phases));
});

describe('untrusted answers', () => {
  test.each(named(untrustedCases))('%s', (_, phases) => runPhases(phases));
});

describe('a run id that stands twice', () => {
  test.each(named(repeatedRunIdCases))('%s', (_, phases) => runPhases(phases));
});

describe('at boot and with limited permissions', () => {
  test.each(named(bootCases))('%s', (_, phases) => runPhases(phases));
});

describe('a node in the topology', () => {
  const resolve = (results: Parameters<typeof observe>[0]['results']) =>
    resolveTopology(initialResolution(0), observe({ at: 10, results })).topology;

  test('a replica on the history of the master shows how many bytes it lags', () => {
    const topology = resolve({
      [A]: master({ on: 'R1', offset: 1000 }),
      [B]: replica({ on: 'R1', offset: 900 }),
      [C]: replica({ on: 'R1', offset: 1010, link: 'syncing' }),
    });
    expect(findNode(topology, B)).toMatchObject({ lagBytes: 100, offset: 900, following: true, link: 'up' });
    expect(findNode(topology, C)).toMatchObject({ lagBytes: 0, link: 'syncing' });
  });

  test('a stale master shows how many of its bytes the heir lacks', () => {
    const topology = resolve({
      [A]: master({ on: 'R1', offset: 1827 }),
      [B]: master({ on: 'R5/R1@1254', offset: 1516 }),
    });
    expect(findNode(topology, A)).toMatchObject({ kind: 'stale', lostBytes: 574 });
    expect(findNode(topology, B)).not.toHaveProperty('lostBytes');
  });

  test('a replica of another master shows no lag, because its offset belongs to another history', () => {
    const topology = resolve({
      [A]: master({ on: 'R1', offset: 1000 }),
      [B]: replica({ on: 'R9', offset: 900 }),
    });
    expect(findNode(topology, B)).toMatchObject({ following: false });
    expect(findNode(topology, B)).not.toHaveProperty('lagBytes');
  });

  test('a replica that reports no history is assumed to follow, without a lag because offsets are unknown', () => {
    const topology = resolve({ [A]: onlyRole('master'), [B]: onlyRole('replica') });
    expect(findNode(topology, B)).toMatchObject({ kind: 'replica', following: true });
    expect(findNode(topology, B)).not.toHaveProperty('lagBytes');
  });

  test('while there is no master, it is unknown whether a replica follows', () => {
    const topology = resolve({ [A]: faulty('REFUSED'), [B]: replica({ on: 'R1', offset: 1 }) });
    expect(findNode(topology, B)).not.toHaveProperty('following');
  });

  test('a server with two endpoints is found under both', () => {
    const topology = resolve({
      [READER]: master({ on: 'R1', run: 'one' }),
      [A]: master({ on: 'R1', run: 'one' }),
    });
    expect(topology.nodes).toHaveLength(1);
    expect(findNode(topology, READER)).toBe(findNode(topology, A));
    expect(findNode(topology, A)?.aliases).toEqual([READER]);
    expect(findNode(topology, B)).toBeUndefined();
  });

  test('nodes are sorted by endpoint, and state why they cannot be used', () => {
    const topology = resolve({
      [C]: faulty('NOAUTH', 'NOAUTH Authentication required.'),
      [A]: master({ on: 'R1' }),
    });
    expect(topology.nodes.map(({ endpoint }) => endpoint)).toEqual([A, C]);
    expect(findNode(topology, C)).toEqual({
      endpoint: C,
      address: { host: '10.0.0.3', port: 6379 },
      kind: 'unusable',
      reachable: false,
      fault: 'NOAUTH',
      message: 'NOAUTH Authentication required.',
    });
  });
});

test('the zone of a node is the one that the source knows, by any of its names', () => {
  const one = { on: 'R1', run: 'one' };
  const results = {
    [A]: replica({ on: 'R1' }),
    [B]: master(one),
    [READER]: master(one),
    [C]: faulty('REFUSED'),
  };
  const zones = new Map([
    [A, 'zone-a'],
    [READER, 'zone-b'],
    ['elsewhere:6379', 'zone-c'],
  ]);
  const circumstances = {
    intended: new Set<string>(),
    derived: new Set<string>(),
    acceptAfterMs: 0,
    epochMs: 0,
  };
  const observations = observe({ at: 10, results });
  const { topology } = resolveTopology(initialResolution(0), observations, { ...circumstances, zones });
  expect(topology.nodes.map(({ endpoint, zone }) => [endpoint, zone])).toEqual([
    [A, 'zone-a'],
    [B, 'zone-b'],
    [C, undefined],
  ]);
});

describe('the time and cause of a change', () => {
  const results = { [A]: master({ on: 'R1' }), [B]: replica({ on: 'R1' }) };
  const first = resolveTopology(initialResolution(5), observe({ at: 10, results, signal: 'start' }));

  test('stay the same while nothing changes', () => {
    expect(first.topology).toMatchObject({ kind: 'steady', cause: 'start', changedAt: 10 });
    const later = resolveTopology(first, observe({ at: 500, results, signal: 'poll' }));
    expect(later.topology).toMatchObject({ cause: 'start', changedAt: 10, generation: 1 });
  });

  test('of a failover are those of the first signal that the old master was gone', () => {
    const lostMaster = { [A]: faulty('CLOSED'), [B]: replica({ on: 'R1', link: 'down' }) };
    const closed = { kind: 'connection closed', endpoint: A, at: 1000 } as const;
    const lost = resolveTopology(first, observe({ at: 1003, results: lostMaster, signal: closed }));
    expect(lost.topology).toMatchObject({ kind: 'masterless', cause: 'connection closed', changedAt: 1003 });
    const still = resolveTopology(lost, observe({ at: 1020, results: lostMaster, signal: 'requested' }));
    const found = resolveTopology(
      still,
      observe({ at: 1038, results: { ...lostMaster, [B]: master({ on: 'R2/R1@1' }) }, signal: 'poll' }),
    );
    expect(found.topology.lastFailover).toEqual({
      generation: 2,
      from: A,
      to: B,
      at: 1038,
      tookMs: 38,
      cause: 'connection closed',
      promotedWithinMs: 18,
      proof: 'history',
    });
    expect(found.topology).toMatchObject({ kind: 'steady', cause: 'connection closed', changedAt: 1038 });
  });

  test('come from the newest observation', () => {
    const [a] = observe({ at: 1000, results: { [A]: faulty('REFUSED') }, signal: 'connection failed' });
    const [b] = observe({ at: 990, results: { [B]: replica({ on: 'R1' }) }, signal: 'poll' });
    const { topology } = resolveTopology(first, a && b ? [a, b] : []);
    expect(topology).toMatchObject({ kind: 'masterless', cause: 'connection failed', changedAt: 1000 });
  });

  test('facts about the old master do not apply to a new one that reports its role only', () => {
    expect(first.accepted).toEqual({ endpoint: A, runId: `run of ${A}`, replicationId: 'R1', offset: 0 });
    const roles = { [A]: faulty('REFUSED'), [B]: onlyRole('master') };
    const moved = resolveTopology(first, observe({ at: 1000, results: roles }));
    expect(moved.accepted).toEqual({ endpoint: B, offset: 0 });
  });

  test('the previous resolution is not modified', () => {
    const copy = structuredClone(first);
    resolveTopology(
      first,
      observe({ at: 1000, results: { [A]: faulty('REFUSED'), [B]: master({ on: 'R2/R1@1' }) } }),
    );
    expect(first).toEqual(copy);
  });
});
