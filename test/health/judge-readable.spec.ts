import { expect, test } from 'vitest';
import { judgeReadable, type ReadAttempt } from '../../lib/health/judge-readable.js';
import { parseEndpoint } from '../../lib/topology/endpoint.js';
import type { Topology, TopologyNode } from '../../lib/topology/topology.js';

const [A, B] = ['10.0.0.1:6379', '10.0.0.2:6379'];

type Replica = TopologyNode & { readonly kind: 'replica' };

function replica(facts: Partial<Replica> = {}): Replica {
  const node = { kind: 'replica', role: 'replica', reachable: true, endpoint: B } as const;
  return { ...node, address: parseEndpoint(B), link: 'up', lagBytes: 14, following: true, ...facts };
}

function steady(...replicas: TopologyNode[]): Topology {
  const master: TopologyNode = {
    kind: 'master',
    role: 'master',
    endpoint: A,
    address: parseEndpoint(A),
    reachable: true,
  };
  return {
    kind: 'steady',
    master: A,
    generation: 1,
    cause: 'poll',
    changedAt: 1,
    nodes: [master, ...replicas],
  };
}

const attempt: ReadAttempt = {
  probe: { kind: 'accepted', latencyMs: 0.4 },
  node: B,
  probeKey: 'probe',
  maxLagBytes: undefined,
};

test('a replica that answers is up, with its link and how far it is behind', () => {
  expect(judgeReadable(steady(replica()), attempt)).toEqual({
    status: 'up',
    data: { node: B, role: 'replica', topology: 'steady', link: 'up', lagBytes: 14, latencyMs: 0.4 },
  });
});

test('the master that answers is up, whatever lag is allowed', () => {
  expect(judgeReadable(steady(), { ...attempt, node: A, maxLagBytes: 0 })).toEqual({
    status: 'up',
    data: { node: A, role: 'master', topology: 'steady', link: null, lagBytes: null, latencyMs: 0.4 },
  });
});

test.each([
  ['as much as allowed', 14, 'up'],
  ['a byte too much', 13, 'down'],
] as const)('a lag of %s', (_name, maxLagBytes, status) => {
  expect(judgeReadable(steady(replica()), { ...attempt, maxLagBytes }).status).toBe(status);
});

test('too much lag is told with both numbers', () => {
  expect(judgeReadable(steady(replica()), { ...attempt, maxLagBytes: 10 }).data).toMatchObject({
    reason: 'LAG',
    message: `${B} is 14 bytes behind the master; allowed are 10`,
  });
});

test('a replica without a link to its master is degraded, because its data may be old', () => {
  expect(judgeReadable(steady(replica({ link: 'down' })), attempt)).toMatchObject({
    status: 'degraded',
    data: { message: `the link of ${B} to its master is down: reads may be stale` },
  });
});

test('a lag that nobody knows is degraded only where a lag is asked for', () => {
  const { lagBytes: _lagBytes, ...unknown } = replica();
  expect(judgeReadable(steady(unknown), attempt).status).toBe('up');
  expect(judgeReadable(steady(unknown), { ...attempt, maxLagBytes: 10 })).toMatchObject({
    status: 'degraded',
    data: { lagBytes: null, message: `how far ${B} is behind the master is not known` },
  });
});

test.each<[string, Partial<ReadAttempt> & { topology?: Topology }, object]>([
  [
    'no node to read from',
    { node: undefined, probe: { kind: 'held', reason: 'why' }, topology: steady() },
    { node: null, role: null, reason: 'NO_NODE', message: 'why' },
  ],
  [
    'a node that is not connected yet',
    { probe: { kind: 'held', reason: 'why' } },
    { node: B, reason: 'ERROR', message: 'why' },
  ],
  [
    'a user without the right',
    {
      probe: {
        kind: 'refused',
        latencyMs: 1,
        message: "NOPERM this user has no permissions to run 'exists'",
      },
    },
    {
      reason: 'NOPERM',
      message:
        'NOPERM this user has no permissions to run \'exists\'; the user needs EXISTS and the key "probe" ' +
        '(option "probeKey")',
    },
  ],
  [
    'a node that is silent',
    { probe: { kind: 'silent', limitMs: 500, isAnswering: false } },
    { reason: 'TIMEOUT', message: `no answer to a read within 500 ms; ${B} does not answer` },
  ],
  [
    'a blocking read before it',
    { probe: { kind: 'silent', limitMs: 500, isAnswering: true, blockedBy: 'XREAD' } },
    {
      reason: 'BLOCKED',
      message:
        'XREAD waits on the reader, and every read waits behind it; issue blocking commands on a connection of ' +
        'their own: reader.duplicate()',
    },
  ],
  [
    'a reader that is closed',
    { probe: { kind: 'closed' } },
    { reason: 'CLOSED', message: 'the reader is closed' },
  ],
])('%s is down', (_name, { topology = steady(replica()), ...facts }, data) => {
  expect(judgeReadable(topology, { ...attempt, ...facts })).toMatchObject({ status: 'down', data });
});
