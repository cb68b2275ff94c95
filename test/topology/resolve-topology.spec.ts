import { describe, expect, test } from 'vitest';
import { initialResolution, resolveTopology } from '../../lib/topology/resolve-topology.js';
import { findNode } from '../../lib/topology/topology.js';
import { bootCases } from './boot-phases.js';
import { failoverCases } from './failover-phases.js';
import { factsOf, type Case, type Phase } from './phases.js';
import { restartCases } from './restart-phases.js';
import { staleCases } from './stale-phases.js';
import { A, B, C, master, observe, onlyRole, READER, replica, silent } from './reports.js';

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
    expect(again, `${where}, seen twice`).toEqual(resolution.topology);
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

describe('at boot and by what a user may see', () => {
  test.each(named(bootCases))('%s', (_, phases) => runPhases(phases));
});

describe('what the topology tells of nodes', () => {
  const resolve = (saw: Parameters<typeof observe>[0]['saw']) =>
    resolveTopology(initialResolution(0), observe({ at: 10, saw })).topology;

  test('a replica on the history of the master is so many bytes behind it', () => {
    const topology = resolve({
      [A]: master({ on: 'R1', offset: 1000 }),
      [B]: replica({ on: 'R1', offset: 900 }),
      [C]: replica({ on: 'R1', offset: 1010, link: 'syncing' }),
    });
    expect(findNode(topology, B)).toMatchObject({ lagBytes: 100, offset: 900, following: true, link: 'up' });
    expect(findNode(topology, C)).toMatchObject({ lagBytes: 0, link: 'syncing' });
  });

  test('a stale master has so many bytes that its heir lacks', () => {
    const topology = resolve({
      [A]: master({ on: 'R1', offset: 1827 }),
      [B]: master({ on: 'R5/R1@1254', offset: 1516 }),
    });
    expect(findNode(topology, A)).toMatchObject({ kind: 'stale', lostBytes: 574 });
    expect(findNode(topology, B)).not.toHaveProperty('lostBytes');
  });

  test('a replica of another master has no lag, because its offset counts something else', () => {
    const topology = resolve({
      [A]: master({ on: 'R1', offset: 1000 }),
      [B]: replica({ on: 'R9', offset: 900 }),
    });
    expect(findNode(topology, B)).toMatchObject({ following: false });
    expect(findNode(topology, B)).not.toHaveProperty('lagBytes');
  });

  test('a replica that tells no history is taken to follow, and no lag is claimed where offsets are unknown', () => {
    const topology = resolve({ [A]: onlyRole('master'), [B]: onlyRole('replica') });
    expect(findNode(topology, B)).toMatchObject({ kind: 'replica', following: true });
    expect(findNode(topology, B)).not.toHaveProperty('lagBytes');
  });

  test('while there is no master, nobody can tell whether a replica follows', () => {
    const topology = resolve({ [A]: silent('REFUSED'), [B]: replica({ on: 'R1', offset: 1 }) });
    expect(findNode(topology, B)).not.toHaveProperty('following');
  });

  test('an endpoint that leads to a known server is found under both names', () => {
    const topology = resolve({
      [READER]: master({ on: 'R1', run: 'one' }),
      [A]: master({ on: 'R1', run: 'one' }),
    });
    expect(topology.nodes).toHaveLength(1);
    expect(findNode(topology, READER)).toBe(findNode(topology, A));
    expect(findNode(topology, A)?.aliases).toEqual([READER]);
    expect(findNode(topology, B)).toBeUndefined();
  });

  test('nodes are sorted by endpoint, and carry why they cannot be used', () => {
    const topology = resolve({
      [C]: silent('NOAUTH', 'NOAUTH Authentication required.'),
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

describe('when and why it changed', () => {
  const saw = { [A]: master({ on: 'R1' }), [B]: replica({ on: 'R1' }) };
  const first = resolveTopology(initialResolution(5), observe({ at: 10, saw, signal: 'start' }));

  test('the moment and the cause of the last change stay while nothing changes', () => {
    expect(first.topology).toMatchObject({ kind: 'steady', cause: 'start', changedAt: 10 });
    const later = resolveTopology(first, observe({ at: 500, saw, signal: 'poll' }));
    expect(later.topology).toMatchObject({ cause: 'start', changedAt: 10, generation: 1 });
  });

  test('a failover takes from the first sign that the old master was gone, whatever was seen in between', () => {
    const silence = { [A]: silent('CLOSED'), [B]: replica({ on: 'R1', link: 'down' }) };
    const sign = { kind: 'connection closed', endpoint: A, at: 1000 } as const;
    const lost = resolveTopology(first, observe({ at: 1003, saw: silence, signal: sign }));
    expect(lost.topology).toMatchObject({ kind: 'masterless', cause: 'connection closed', changedAt: 1003 });
    const still = resolveTopology(lost, observe({ at: 1020, saw: silence, signal: 'requested' }));
    const found = resolveTopology(
      still,
      observe({ at: 1038, saw: { ...silence, [B]: master({ on: 'R2/R1@1' }) }, signal: 'poll' }),
    );
    expect(found.topology.lastFailover).toEqual({
      generation: 2,
      from: A,
      to: B,
      at: 1038,
      tookMs: 38,
      cause: 'connection closed',
    });
    expect(found.topology).toMatchObject({ kind: 'steady', cause: 'connection closed', changedAt: 1038 });
  });

  test('the newest observation gives moment and cause', () => {
    const [a] = observe({ at: 1000, saw: { [A]: silent('REFUSED') }, signal: 'connection failed' });
    const [b] = observe({ at: 990, saw: { [B]: replica({ on: 'R1' }) }, signal: 'poll' });
    const { topology } = resolveTopology(first, a && b ? [a, b] : []);
    expect(topology).toMatchObject({ kind: 'masterless', cause: 'connection failed', changedAt: 1000 });
  });

  test('what was known of the old master is not held against a new one that tells its role only', () => {
    expect(first.accepted).toEqual({ endpoint: A, runId: `run of ${A}`, replicationId: 'R1', offset: 0 });
    const roles = { [A]: silent('REFUSED'), [B]: onlyRole('master') };
    const moved = resolveTopology(first, observe({ at: 1000, saw: roles }));
    expect(moved.accepted).toEqual({ endpoint: B, offset: 0 });
  });

  test('the resolution given is left as it was', () => {
    const copy = structuredClone(first);
    resolveTopology(
      first,
      observe({ at: 1000, saw: { [A]: silent('REFUSED'), [B]: master({ on: 'R2/R1@1' }) } }),
    );
    expect(first).toEqual(copy);
  });
});
