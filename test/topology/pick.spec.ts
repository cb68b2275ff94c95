import { describe, expect, test } from 'vitest';
import {
  pickReader,
  pickWriter,
  readPolicies,
  usableReplicas,
  whyWait,
  type ReadFrom,
} from '../../lib/topology/pick.js';
import { formatEndpoint } from '../../lib/topology/endpoint.js';
import { containing } from '../support/matchers.js';
import { initialResolution, resolveTopology } from '../../lib/topology/resolve-topology.js';
import type { Topology } from '../../lib/topology/topology.js';
import { A, B, C, master, observe, onlyRole, pending, replica, faulty, type ProbeResult } from './reports.js';

/** The topology after these rounds of probes. */
function after(...rounds: readonly Readonly<Record<string, ProbeResult>>[]): Topology {
  return rounds.reduce(
    (resolution, results, index) => resolveTopology(resolution, observe({ at: index + 1, results })),
    initialResolution(0),
  ).topology;
}

function read(topology: Topology, readFrom: ReadFrom, choice: { current?: string; random?: number } = {}) {
  const pick = pickReader(topology, { readFrom, current: choice.current, random: choice.random ?? 0 });
  return pick.kind === 'use' ? `${pick.role} ${pick.node.endpoint}` : 'wait';
}

const healthy = { [A]: master({ on: 'R1' }), [B]: replica({ on: 'R1' }), [C]: replica({ on: 'R1' }) };
const cutOff = {
  [A]: faulty('TIMEOUT'),
  [B]: replica({ on: 'R1', link: 'down' }),
  [C]: replica({ on: 'R1', link: 'down' }),
};
/** It was started empty, and cannot reach its master. */
const neverSynced: ProbeResult = {
  kind: 'answered',
  report: { role: 'replica', history: { id: 'R8' }, offset: 0, link: 'down', neverSynced: true, named: [] },
};
const anyNumber = { requireMajority: false };
const majority = { requireMajority: true };
const noReplicas = { [A]: master({ on: 'R1' }), [B]: faulty('REFUSED'), [C]: faulty('REFUSED') };

describe('the writer', () => {
  test('uses the master', () => {
    expect(pickWriter(after(healthy), anyNumber)).toMatchObject({
      kind: 'use',
      role: 'master',
      node: { endpoint: A },
    });
  });

  test('uses the accepted master of a contested group', () => {
    const contested = after(healthy, { ...healthy, [B]: master({ on: 'Rown' }) });
    expect(contested.kind).toBe('contested');
    expect(pickWriter(contested, anyNumber)).toMatchObject({ kind: 'use', node: { endpoint: A } });
  });

  test.each([
    ['no node has been probed', after({ [A]: pending }), 'not every node has been probed yet'],
    [
      'there is no master',
      after(healthy, cutOff),
      `no node is a master: ${A} (TIMEOUT: no answer within 250 ms), ${B} (replica, link down), ${C} (replica, link down)`,
    ],
    ['there is no node', after({}), 'no node is a master: the list of nodes is empty'],
    [
      'history does not show the heir',
      after({ [A]: master({ on: 'R1' }), [B]: master({ on: 'R2' }) }),
      `${A} and ${B} claim to be the master, and replication history does not show which one is the heir; make one of them a replica of the other`,
    ],
    [
      'an unrelated node claims to be the master',
      after(healthy, { ...cutOff, [B]: master({ on: 'Rown' }) }),
      `${B} claims to be the master, but replication history does not show that it is the heir; make the other nodes replicas of it, or bring the heir back`,
    ],
    [
      'the only master was superseded, as a replica proves',
      after(healthy, { ...healthy, [B]: faulty('TIMEOUT'), [C]: replica({ on: 'R2/R1@900' }) }),
      `${A} claims to be the master, but the replication history of another node shows that it was superseded; make the other nodes replicas of it, or bring the heir back`,
    ],
  ])('waits while %s, and gives the reason', (_, topology, reason) => {
    expect(pickWriter(topology, anyNumber)).toEqual({ kind: 'wait', reason });
  });
});

describe('M17: the writer that requires a majority', () => {
  test.each<[string, Topology]>([
    ['all agree', after(healthy)],
    ['two of three agree', after(healthy, { ...healthy, [C]: faulty('TIMEOUT') })],
    [
      'a replica lost its link but follows no other master',
      after(healthy, { ...healthy, [B]: replica({ on: 'R1', link: 'down' }), [C]: faulty('TIMEOUT') }),
    ],
    ['the only node agrees', after({ [A]: master({ on: 'R1' }) })],
  ])('uses the master while %s', (_, topology) => {
    expect(pickWriter(topology, majority)).toMatchObject({ kind: 'use', node: { endpoint: A } });
  });

  test.each<[string, Topology, string]>([
    [
      'only the master can be reached',
      after(healthy, noReplicas),
      `1 of 3 nodes can be reached and agree that ${A}`,
    ],
    [
      'exactly half of the nodes can be reached',
      after({ [A]: master({ on: 'R1' }), [B]: faulty('REFUSED') }),
      `1 of 2 nodes can be reached and agree that ${A}`,
    ],
    [
      'another node claims to be master too',
      after(healthy, { ...healthy, [B]: master({ on: 'Rown' }), [C]: faulty('REFUSED') }),
      `1 of 3 nodes can be reached and agree that ${A}`,
    ],
    [
      'the other reachable node was fully synced from an unreachable master',
      after(healthy, { ...healthy, [B]: faulty('TIMEOUT'), [C]: replica({ on: 'Rother' }) }),
      `1 of 3 nodes can be reached and agree that ${A}`,
    ],
    [
      'the stale master is the second node that can be reached',
      after(healthy, { [A]: master({ on: 'R1' }), [B]: master({ on: 'R2/R1@5' }), [C]: faulty('REFUSED') }),
      `1 of 3 nodes can be reached and agree that ${B}`,
    ],
  ])('waits and keeps its connection while %s', (_, topology, reason) => {
    expect(pickWriter(topology, majority)).toEqual({
      kind: 'wait',
      stay: true,
      reason: `only ${reason} is the master`,
    });
  });

  test('has no connection to keep while there is no master', () => {
    const pick = pickWriter(after(healthy, cutOff), majority);
    expect(pick).toMatchObject({ kind: 'wait', reason: containing('no node is a master') });
    expect(pick).not.toHaveProperty('stay');
  });
});

describe('the reader', () => {
  test.each<[string, Topology, Record<ReadFrom, string>]>([
    [
      'the group is healthy',
      after(healthy),
      {
        master: `master ${A}`,
        replica: `replica ${B}`,
        replicaPreferred: `replica ${B}`,
        masterPreferred: `master ${A}`,
        any: `master ${A}`,
      },
    ],
    [
      'there are no replicas',
      after(noReplicas),
      {
        master: `master ${A}`,
        replica: 'wait',
        replicaPreferred: `master ${A}`,
        masterPreferred: `master ${A}`,
        any: `master ${A}`,
      },
    ],
    [
      'the master is dead and every link to it is down',
      after(healthy, cutOff),
      {
        master: 'wait',
        replica: `replica ${B}`,
        replicaPreferred: `replica ${B}`,
        masterPreferred: `replica ${B}`,
        any: `replica ${B}`,
      },
    ],
    [
      'the only replica has lost its link to a healthy master',
      after({ ...noReplicas, [B]: replica({ on: 'R1', link: 'down' }) }),
      {
        master: `master ${A}`,
        replica: `replica ${B}`,
        replicaPreferred: `master ${A}`,
        masterPreferred: `master ${A}`,
        any: `master ${A}`,
      },
    ],
    [
      'the only replica follows another master',
      after({ ...noReplicas, [B]: replica({ on: 'R9' }) }),
      {
        master: `master ${A}`,
        replica: 'wait',
        replicaPreferred: `master ${A}`,
        masterPreferred: `master ${A}`,
        any: `master ${A}`,
      },
    ],
    [
      'the only replica was never in sync, and there is no master',
      after({ [A]: faulty('REFUSED'), [B]: neverSynced }),
      { master: 'wait', replica: 'wait', replicaPreferred: 'wait', masterPreferred: 'wait', any: 'wait' },
    ],
    [
      'a replica that was restarted empty is beside a good one, and the master is gone',
      after(healthy, { [A]: faulty('REFUSED'), [B]: neverSynced, [C]: replica({ on: 'R1', link: 'down' }) }),
      {
        master: 'wait',
        replica: `replica ${C}`,
        replicaPreferred: `replica ${C}`,
        masterPreferred: `replica ${C}`,
        any: `replica ${C}`,
      },
    ],
    [
      'a replica is on the history that the master continues',
      after({ [A]: master({ on: 'R2/R1@10' }), [B]: replica({ on: 'R1', link: 'down' }) }),
      {
        master: `master ${A}`,
        replica: `replica ${B}`,
        replicaPreferred: `master ${A}`,
        masterPreferred: `master ${A}`,
        any: `master ${A}`,
      },
    ],
    [
      'the only replica is syncing and has nothing to serve',
      after({ [A]: faulty('REFUSED'), [B]: replica({ on: 'R1', link: 'syncing' }) }),
      {
        master: 'wait',
        replica: 'wait',
        replicaPreferred: 'wait',
        masterPreferred: 'wait',
        any: 'wait',
      },
    ],
    [
      'an old master is stale',
      after(healthy, { ...noReplicas, [B]: master({ on: 'R2/R1@1' }) }),
      {
        master: `master ${B}`,
        replica: 'wait',
        replicaPreferred: `master ${B}`,
        masterPreferred: `master ${B}`,
        any: `master ${B}`,
      },
    ],
    [
      'two nodes claim to be the master and history does not show the heir',
      after({ [A]: master({ on: 'R1' }), [B]: master({ on: 'R2' }), [C]: replica({ on: 'R1' }) }),
      {
        master: 'wait',
        replica: `replica ${C}`,
        replicaPreferred: `replica ${C}`,
        masterPreferred: `replica ${C}`,
        any: `replica ${C}`,
      },
    ],
  ])('when %s', (_, topology, expected) => {
    const picks = Object.fromEntries(readPolicies.map((name) => [name, read(topology, name)]));
    expect(picks).toEqual(expected);
  });

  test('waits until every node was probed, so that the first replica to answer does not get all readers', () => {
    const early = after({ [A]: pending, [B]: replica({ on: 'R1' }), [C]: pending });
    expect(read(early, 'replicaPreferred')).toBe('wait');
    expect(read(after(healthy), 'replicaPreferred', { random: 0.9 })).toBe(`replica ${C}`);
  });

  test.each([
    ['has reported a lost link, while the other has not', { [B]: 'down', [C]: 'up' }],
    ['is the last to report a lost link', { [B]: 'up', [C]: 'down' }],
  ] as const)('stays with a replica that %s', (_, links) => {
    const masterless = after(healthy, {
      [A]: faulty('REFUSED'),
      [B]: replica({ on: 'R1', link: links[B] }),
      [C]: replica({ on: 'R1', link: links[C] }),
    });
    for (const current of [B, C]) {
      expect(read(masterless, 'replicaPreferred', { current })).toBe(`replica ${current}`);
    }
  });

  test.each([
    [0, `replica ${B}`],
    [0.49, `replica ${B}`],
    [0.5, `replica ${C}`],
    [0.999, `replica ${C}`],
  ])('with the random number %d picks %s, so that a fleet spreads over the replicas', (random, expected) => {
    expect(read(after(healthy), 'replica', { random })).toBe(expected);
  });

  test('with "any" spreads over master and replicas alike', () => {
    const picks = [0, 0.34, 0.67].map((random) => read(after(healthy), 'any', { random }));
    expect(picks).toEqual([`master ${A}`, `replica ${B}`, `replica ${C}`]);
  });

  test('stays on its node while no better one is available', () => {
    expect(read(after(healthy), 'replica', { current: C, random: 0 })).toBe(`replica ${C}`);
    expect(read(after(healthy, cutOff), 'replica', { current: C, random: 0 })).toBe(`replica ${C}`);
  });

  test('leaves a replica whose link is down for one whose link is up', () => {
    const half = after({ ...healthy, [C]: replica({ on: 'R1', link: 'down' }) });
    expect(read(half, 'replica', { current: C })).toBe(`replica ${B}`);
  });

  test('leaves a replica that was promoted', () => {
    const promoted = after(healthy, {
      [A]: faulty('REFUSED'),
      [B]: master({ on: 'R2/R1@1' }),
      [C]: replica({ on: 'R2/R1@1' }),
    });
    expect(read(promoted, 'replicaPreferred', { current: B })).toBe(`replica ${C}`);
    expect(read(promoted, 'replica', { current: B })).toBe(`replica ${C}`);
  });

  describe('after a failover, until a replica is probed again', () => {
    const before = observe({ at: 1, results: healthy });
    const dying = observe({ at: 2, results: cutOff });
    const [heir] = observe({ at: 3, results: { [B]: master({ on: 'R2/R1@1' }) } });
    const promoted = dying.map((each) => (formatEndpoint(each.endpoint) === B && heir ? heir : each));
    const { topology } = [before, dying, promoted].reduce(
      (resolution, observations) => resolveTopology(resolution, observations),
      initialResolution(0),
    );

    test('stays on it, and on the heir', () => {
      expect(topology).toMatchObject({ kind: 'steady', master: B });
      expect(read(topology, 'replicaPreferred', { current: C })).toBe(`replica ${C}`);
      expect(read(topology, 'replicaPreferred', { current: B })).toBe(`master ${B}`);
    });

    test('prefers other nodes to it when it has to pick one', () => {
      expect(read(topology, 'replicaPreferred')).toBe(`master ${B}`);
      expect(read(topology, 'replica', { current: B })).toBe(`replica ${C}`);
    });

    test('leaves it when a probe shows that it does not follow', () => {
      const [probed] = observe({ at: 4, results: { [C]: replica({ on: 'R1', link: 'down' }) } });
      const latest = promoted.map((each) => (formatEndpoint(each.endpoint) === C && probed ? probed : each));
      const next = [before, dying, promoted, latest].reduce(
        (resolution, observations) => resolveTopology(resolution, observations),
        initialResolution(0),
      ).topology;
      expect(read(next, 'replicaPreferred', { current: C })).toBe(`master ${B}`);
    });
  });

  test('leaves the master it fell back to once there is a replica', () => {
    expect(read(after(noReplicas, healthy), 'replicaPreferred', { current: A })).toBe(`replica ${B}`);
  });

  test('leaves a node that became unreachable', () => {
    const lost = after(healthy, { ...healthy, [C]: faulty('CLOSED') });
    expect(read(lost, 'replica', { current: C })).toBe(`replica ${B}`);
  });

  test('gives the state of every node as the reason while it waits for a replica', () => {
    const pick = pickReader(after(noReplicas), { readFrom: 'replica', current: undefined, random: 0 });
    expect(pick).toEqual({ kind: 'wait', reason: whyWait(after(noReplicas)) });
    expect(whyWait(after(noReplicas))).toContain(`no replica is usable among ${A} (master), ${B} (REFUSED:`);
  });
});

describe('a usable replica', () => {
  test.each([
    ['follows the master with its link up', replica({ on: 'R1' }), true],
    ['reports its role only', onlyRole('replica'), true],
    ['has lost its link', replica({ on: 'R1', link: 'down' }), false],
    ['is syncing', replica({ on: 'R1', link: 'syncing' }), false],
    ['follows another master', replica({ on: 'R9' }), false],
    ['has become a master', master({ on: 'R9' }), false],
    ['does not answer', faulty('TIMEOUT'), false],
  ])('one that %s: %#', (_, result, usable) => {
    const names = usableReplicas(after({ [A]: master({ on: 'R1' }), [B]: result })).map(
      ({ endpoint }) => endpoint,
    );
    expect(names).toEqual(usable ? [B] : []);
  });
});
