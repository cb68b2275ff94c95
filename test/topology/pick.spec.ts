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
import { A, B, C, master, observe, onlyRole, pending, replica, silent, type Saying } from './reports.js';

/** The topology after looks at these moments of a group. */
function after(...looks: readonly Readonly<Record<string, Saying>>[]): Topology {
  return looks.reduce(
    (resolution, saw, index) => resolveTopology(resolution, observe({ at: index + 1, saw })),
    initialResolution(0),
  ).topology;
}

function read(topology: Topology, readFrom: ReadFrom, choice: { current?: string; random?: number } = {}) {
  const pick = pickReader(topology, { readFrom, current: choice.current, random: choice.random ?? 0 });
  return pick.kind === 'use' ? `${pick.role} ${pick.node.endpoint}` : 'wait';
}

const healthy = { [A]: master({ on: 'R1' }), [B]: replica({ on: 'R1' }), [C]: replica({ on: 'R1' }) };
const cutOff = {
  [A]: silent('TIMEOUT'),
  [B]: replica({ on: 'R1', link: 'down' }),
  [C]: replica({ on: 'R1', link: 'down' }),
};
const anyNumber = { requireMajority: false };
const majority = { requireMajority: true };
const noReplicas = { [A]: master({ on: 'R1' }), [B]: silent('REFUSED'), [C]: silent('REFUSED') };

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
    ['no node was looked at', after({ [A]: pending }), 'not every node has been looked at yet'],
    [
      'there is no master',
      after(healthy, cutOff),
      `no node is a master: ${A} (TIMEOUT: no answer within 250 ms), ${B} (replica, link down), ${C} (replica, link down)`,
    ],
    ['there is no node', after({}), 'no node is a master: the list of nodes is empty'],
    [
      'nobody can tell the heir',
      after({ [A]: master({ on: 'R1' }), [B]: master({ on: 'R2' }) }),
      `${A} and ${B} say master, and history cannot tell which one is the heir`,
    ],
    [
      'a stranger says master',
      after(healthy, { ...cutOff, [B]: master({ on: 'Rown' }) }),
      `${B} says master, but history does not show it to be the heir`,
    ],
    [
      'the only master was superseded, as a replica proves',
      after(healthy, { ...healthy, [B]: silent('TIMEOUT'), [C]: replica({ on: 'R2/R1@900' }) }),
      `${A} says master, but the history of another node shows that it was superseded`,
    ],
  ])('waits while %s, and says so', (_, topology, reason) => {
    expect(pickWriter(topology, anyNumber)).toEqual({ kind: 'wait', reason });
  });
});

describe('the writer that requires a majority', () => {
  test.each<[string, Topology]>([
    ['all agree', after(healthy)],
    ['two of three agree', after(healthy, { ...healthy, [C]: silent('TIMEOUT') })],
    [
      'a replica lost its link, and still is no other master’s',
      after(healthy, { ...healthy, [B]: replica({ on: 'R1', link: 'down' }), [C]: silent('TIMEOUT') }),
    ],
    ['the only node there is agrees', after({ [A]: master({ on: 'R1' }) })],
  ])('uses the master while %s', (_, topology) => {
    expect(pickWriter(topology, majority)).toMatchObject({ kind: 'use', node: { endpoint: A } });
  });

  test.each<[string, Topology, string]>([
    [
      'it is alone with the master',
      after(healthy, noReplicas),
      `1 of 3 nodes can be reached and agree that ${A}`,
    ],
    [
      'exactly half of the nodes can be reached',
      after({ [A]: master({ on: 'R1' }), [B]: silent('REFUSED') }),
      `1 of 2 nodes can be reached and agree that ${A}`,
    ],
    [
      'another node claims to be master too',
      after(healthy, { ...healthy, [B]: master({ on: 'Rown' }), [C]: silent('REFUSED') }),
      `1 of 3 nodes can be reached and agree that ${A}`,
    ],
    [
      'the other node that can be reached was filled anew by a master out of sight',
      after(healthy, { ...healthy, [B]: silent('TIMEOUT'), [C]: replica({ on: 'Rother' }) }),
      `1 of 3 nodes can be reached and agree that ${A}`,
    ],
    [
      'the stale master is the second node that can be reached',
      after(healthy, { [A]: master({ on: 'R1' }), [B]: master({ on: 'R2/R1@5' }), [C]: silent('REFUSED') }),
      `1 of 3 nodes can be reached and agree that ${B}`,
    ],
  ])('waits on the connection it has while %s', (_, topology, reason) => {
    expect(pickWriter(topology, majority)).toEqual({
      kind: 'wait',
      stay: true,
      reason: `only ${reason} is the master`,
    });
  });

  test('has no node to stay on while there is no master', () => {
    const pick = pickWriter(after(healthy, cutOff), majority);
    expect(pick).toMatchObject({ kind: 'wait', reason: containing('no node is a master') });
    expect(pick).not.toHaveProperty('stay');
  });
});

describe('the reader', () => {
  test.each<[string, Topology, Record<ReadFrom, string>]>([
    [
      'all is well',
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
      'the only replica is cut off from a living master',
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
        replica: `replica ${B}`,
        replicaPreferred: `master ${A}`,
        masterPreferred: `master ${A}`,
        any: `master ${A}`,
      },
    ],
    [
      'the only replica is syncing and has nothing to serve',
      after({ [A]: silent('REFUSED'), [B]: replica({ on: 'R1', link: 'syncing' }) }),
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
      'two nodes say master and nobody can tell the heir',
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

  test('waits until every node had its say, lest the first replica to answer gets all readers', () => {
    const early = after({ [A]: pending, [B]: replica({ on: 'R1' }), [C]: pending });
    expect(read(early, 'replicaPreferred')).toBe('wait');
    expect(read(after(healthy), 'replicaPreferred', { random: 0.9 })).toBe(`replica ${C}`);
  });

  test.each([
    ['was seen to have lost the master, and the other not yet', { [B]: 'down', [C]: 'up' }],
    ['is the last to lose it', { [B]: 'up', [C]: 'down' }],
  ] as const)('stays with a replica that %s', (_, links) => {
    const masterless = after(healthy, {
      [A]: silent('REFUSED'),
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
  ])('with the random number %d takes %s, so that a fleet spreads', (random, expected) => {
    expect(read(after(healthy), 'replica', { random })).toBe(expected);
  });

  test('with "any" spreads over master and replicas alike', () => {
    const picks = [0, 0.34, 0.67].map((random) => read(after(healthy), 'any', { random }));
    expect(picks).toEqual([`master ${A}`, `replica ${B}`, `replica ${C}`]);
  });

  test('stays where it is as long as nothing better is there', () => {
    expect(read(after(healthy), 'replica', { current: C, random: 0 })).toBe(`replica ${C}`);
    expect(read(after(healthy, cutOff), 'replica', { current: C, random: 0 })).toBe(`replica ${C}`);
  });

  test('leaves a replica whose link is down for one whose link is up', () => {
    const half = after({ ...healthy, [C]: replica({ on: 'R1', link: 'down' }) });
    expect(read(half, 'replica', { current: C })).toBe(`replica ${B}`);
  });

  test('leaves a replica that was promoted', () => {
    const promoted = after(healthy, {
      [A]: silent('REFUSED'),
      [B]: master({ on: 'R2/R1@1' }),
      [C]: replica({ on: 'R2/R1@1' }),
    });
    expect(read(promoted, 'replicaPreferred', { current: B })).toBe(`replica ${C}`);
    expect(read(promoted, 'replica', { current: B })).toBe(`replica ${C}`);
  });

  describe('once another is the master, while a replica has not been looked at since', () => {
    const before = observe({ at: 1, saw: healthy });
    const dying = observe({ at: 2, saw: cutOff });
    const [heir] = observe({ at: 3, saw: { [B]: master({ on: 'R2/R1@1' }) } });
    const promoted = dying.map((each) => (formatEndpoint(each.endpoint) === B && heir ? heir : each));
    const { topology } = [before, dying, promoted].reduce(resolveTopology, initialResolution(0));

    test('stays on it, and on the heir', () => {
      expect(topology).toMatchObject({ kind: 'steady', master: B });
      expect(read(topology, 'replicaPreferred', { current: C })).toBe(`replica ${C}`);
      expect(read(topology, 'replicaPreferred', { current: B })).toBe(`master ${B}`);
    });

    test('counts it as cut off where a node is chosen', () => {
      expect(read(topology, 'replicaPreferred')).toBe(`master ${B}`);
      expect(read(topology, 'replica', { current: B })).toBe(`replica ${C}`);
    });

    test('leaves it when it is seen that it does not follow', () => {
      const [seen] = observe({ at: 4, saw: { [C]: replica({ on: 'R1', link: 'down' }) } });
      const looked = promoted.map((each) => (formatEndpoint(each.endpoint) === C && seen ? seen : each));
      const next = [before, dying, promoted, looked].reduce(resolveTopology, initialResolution(0)).topology;
      expect(read(next, 'replicaPreferred', { current: C })).toBe(`master ${B}`);
    });
  });

  test('leaves the master it fell back to once there is a replica', () => {
    expect(read(after(noReplicas, healthy), 'replicaPreferred', { current: A })).toBe(`replica ${B}`);
  });

  test('leaves a node that became unreachable', () => {
    const lost = after(healthy, { ...healthy, [C]: silent('CLOSED') });
    expect(read(lost, 'replica', { current: C })).toBe(`replica ${B}`);
  });

  test('says what it sees while it waits for a replica', () => {
    const pick = pickReader(after(noReplicas), { readFrom: 'replica', current: undefined, random: 0 });
    expect(pick).toEqual({ kind: 'wait', reason: whyWait(after(noReplicas)) });
    expect(whyWait(after(noReplicas))).toContain(`no replica is usable among ${A} (master), ${B} (REFUSED:`);
  });
});

describe('a usable replica', () => {
  test.each([
    ['follows the master with its link up', replica({ on: 'R1' }), true],
    ['tells its role only', onlyRole('replica'), true],
    ['is cut off', replica({ on: 'R1', link: 'down' }), false],
    ['is syncing', replica({ on: 'R1', link: 'syncing' }), false],
    ['follows another master', replica({ on: 'R9' }), false],
    ['is a master now', master({ on: 'R9' }), false],
    ['is silent', silent('TIMEOUT'), false],
  ])('one that %s: %#', (_, saying, usable) => {
    const names = usableReplicas(after({ [A]: master({ on: 'R1' }), [B]: saying })).map(
      ({ endpoint }) => endpoint,
    );
    expect(names).toEqual(usable ? [B] : []);
  });
});
