import { expect, test } from 'vitest';
import { judgeHealth } from '../../lib/health/judge-health.js';
import type { ConnectionProbe } from '../../lib/health/probe-connection.js';
import type { NodeFault } from '../../lib/topology/observation.js';
import { parseEndpoint } from '../../lib/topology/endpoint.js';
import type { Topology, TopologyNode } from '../../lib/topology/topology.js';
import { containing } from '../support/matchers.js';

const [A, B, C] = ['10.0.0.1:6379', '10.0.0.2:6379', '10.0.0.3:6379'];

function node(kind: 'master' | 'replica' | 'contender' | 'stale', endpoint: string): TopologyNode {
  const role = kind === 'replica' ? 'replica' : 'master';
  return { kind, role, endpoint, address: parseEndpoint(endpoint), reachable: true };
}

function replica(endpoint: string, facts: Partial<TopologyNode & { kind: 'replica' }> = {}): TopologyNode {
  return Object.assign(node('replica', endpoint), { link: 'up', lagBytes: 0, following: true }, facts);
}

function unusable(endpoint: string, fault: NodeFault): TopologyNode {
  const address = parseEndpoint(endpoint);
  return { kind: 'unusable', endpoint, address, reachable: false, fault, message: `because of ${fault}` };
}

const facts = { generation: 3, cause: 'poll', changedAt: 1 } as const;
const steady: Topology = {
  ...facts,
  kind: 'steady',
  master: A,
  nodes: [node('master', A), replica(B, { lagBytes: 14 }), replica(C)],
};
const contested: Topology = { ...facts, kind: 'contested', claimants: [A, B], nodes: [node('contender', A)] };
const lone: Topology = { ...contested, claimants: [A], settlesAt: 31_000 };
const masterlessOf = (...nodes: TopologyNode[]): Topology => ({ ...facts, kind: 'masterless', nodes });

const requiring = (minReplicas: number) => ({ minReplicas, requireMajority: false, probeKey: 'probe' });

const written: ConnectionProbe = { kind: 'accepted', latencyMs: 0.4 };
const silent: ConnectionProbe = { kind: 'silent', limitMs: 1000, isAnswering: false };
const held: ConnectionProbe = { kind: 'held', reason: 'reason of the writer' };
const refused = (message: string): ConnectionProbe => ({ kind: 'refused', latencyMs: 0.4, message });

test('a master that accepts writes is up, with the state of all nodes', () => {
  expect(judgeHealth(steady, written, requiring(2))).toEqual({
    status: 'up',
    data: {
      master: A,
      generation: 3,
      topology: 'steady',
      replicas: [
        { endpoint: B, link: 'up', lagBytes: 14 },
        { endpoint: C, link: 'up', lagBytes: 0 },
      ],
      latencyMs: 0.4,
    },
  });
});

test('a value that a node does not report is null', () => {
  const bare: Topology = { ...steady, nodes: [node('master', A), node('replica', B)] };
  expect(judgeHealth(bare, written, requiring(0)).data.replicas).toEqual([
    { endpoint: B, link: null, lagBytes: null },
  ]);
});

test('other nodes are not listed as replicas', () => {
  const topology: Topology = {
    ...steady,
    nodes: [node('master', A), node('stale', B), unusable(C, 'REFUSED')],
  };
  expect(judgeHealth(topology, written, requiring(0)).data.replicas).toEqual([]);
});

test.each<[string, { replicas: readonly TopologyNode[]; minReplicas: number }, string | undefined]>([
  ['as many as required', { replicas: [replica(B), replica(C)], minReplicas: 2 }, undefined],
  ['one too few', { replicas: [replica(B), unusable(C, 'TIMEOUT')], minReplicas: 2 }, '1 of at least 2'],
  ['one without a link', { replicas: [replica(B, { link: 'down' })], minReplicas: 1 }, '0 of at least 1'],
  [
    'one in its initial sync',
    { replicas: [replica(B, { link: 'syncing' })], minReplicas: 1 },
    '0 of at least 1',
  ],
  [
    'one of another master',
    { replicas: [replica(B, { following: false })], minReplicas: 1 },
    '0 of at least 1',
  ],
  ['none, and none required', { replicas: [], minReplicas: 0 }, undefined],
])('replicas: %s', (_case, { replicas, minReplicas }, found) => {
  const verdict = judgeHealth(
    { ...steady, nodes: [node('master', A), ...replicas] },
    written,
    requiring(minReplicas),
  );
  expect(verdict.status).toBe(found === undefined ? 'up' : 'degraded');
  expect(verdict.data.message).toBe(found && `${found} replicas can be used`);
  expect(verdict.data.reason).toBeUndefined();
});

test('a second master is degraded, even with enough replicas', () => {
  const topology: Topology = { ...contested, master: A, nodes: [node('master', A), node('contender', B)] };
  expect(judgeHealth(topology, written, requiring(0))).toMatchObject({
    status: 'degraded',
    data: {
      master: A,
      topology: 'contested',
      reason: 'SPLIT_BRAIN',
      message: containing(`${A} and ${B}`),
    },
  });
});

test('a master that was accepted without proof is degraded, and the message says what may be missing', () => {
  const unproven: Topology = { ...steady, unproven: { since: 1, before: B } };
  expect(judgeHealth(unproven, written, requiring(0))).toMatchObject({
    status: 'degraded',
    data: {
      master: A,
      topology: 'steady',
      reason: 'UNPROVEN',
      message: `was accepted because no reachable node disputes it; writes that ${B} acknowledged may be missing`,
    },
  });
});

test('a second claim is worse than the missing proof of the first', () => {
  const both: Topology = { ...contested, master: A, unproven: { since: 1 } };
  expect(judgeHealth(both, written, requiring(0)).data.reason).toBe('SPLIT_BRAIN');
});

test.each([
  ["READONLY You can't write against a read only replica.", 'READONLY'],
  ['MISCONF Redis is configured to save RDB snapshots, but it cannot.', 'MISCONF'],
  ['NOREPLICAS Not enough good replicas to write.', 'NOREPLICAS'],
  ["OOM command not allowed when used memory > 'maxmemory'.", 'OOM'],
  ['LOADING Valkey is loading the dataset in memory', 'LOADING'],
  ['BUSY Redis is busy running a script.', 'BUSY'],
  ['NOAUTH Authentication required.', 'NOAUTH'],
  ['WRONGPASS invalid username-password pair or user is disabled.', 'NOAUTH'],
  ['CLUSTERDOWN Hash slot not served', 'ERROR'],
  ['the word READONLY comes later', 'ERROR'],
  ['', 'ERROR'],
])('down if the server answers "%s": %s', (message, reason) => {
  expect(judgeHealth(steady, refused(message), requiring(0))).toMatchObject({
    status: 'down',
    data: { master: A, reason, message, latencyMs: 0.4 },
  });
});

test.each<[string, Topology, string]>([
  ['no master', masterlessOf(replica(A), unusable(B, 'REFUSED')), 'NO_MASTER'],
  ['no node at all', masterlessOf(), 'NO_MASTER'],
  ['two masters', contested, 'SPLIT_BRAIN'],
  ['one master that nothing proves', lone, 'UNPROVEN'],
  ['a node that is loading its data', masterlessOf(unusable(A, 'LOADING'), replica(B)), 'LOADING'],
  ['a wrong password on every node', masterlessOf(unusable(A, 'WRONGPASS'), unusable(B, 'NOAUTH')), 'NOAUTH'],
  ['a wrong password on one node', masterlessOf(unusable(A, 'WRONGPASS'), replica(B)), 'NO_MASTER'],
  [
    'a wrong password and a dead node',
    masterlessOf(unusable(A, 'NOAUTH'), unusable(B, 'REFUSED')),
    'NO_MASTER',
  ],
])('down if writes are held because of %s', (_case, topology, reason) => {
  expect(judgeHealth(topology, held, requiring(0))).toMatchObject({
    status: 'down',
    data: { master: null, reason, message: 'reason of the writer', latencyMs: null },
  });
});

test.each(['TIMEOUT', 'PAUSED'] as const)(
  'a writer that waits for a node to answer again reports its %s',
  (fault) => {
    const topology = masterlessOf(unusable(A, fault), node('replica', B));
    const suspended: ConnectionProbe = { kind: 'held', reason: 'reason of the writer', node: A };
    expect(judgeHealth(topology, suspended, requiring(0)).data.reason).toBe(fault);
    expect(judgeHealth(topology, { ...suspended, node: B }, requiring(0)).data.reason).toBe('NO_MASTER');
  },
);

test('a writer that is not connected to a known master is not NO_MASTER', () => {
  expect(judgeHealth(steady, held, requiring(0))).toMatchObject({
    status: 'down',
    data: { master: A, reason: 'ERROR', message: 'reason of the writer' },
  });
});

test('a write without an answer from a node that answers observers is a pause', () => {
  expect(judgeHealth(steady, { ...silent, isAnswering: true }, requiring(0))).toMatchObject({
    status: 'down',
    data: { reason: 'PAUSED', message: `${A} answers, but did not answer a write within 1000 ms` },
  });
});

test('a write without an answer behind a blocking command of the app names that command', () => {
  const blocked: ConnectionProbe = { ...silent, isAnswering: true, blockedBy: 'BLPOP' };
  expect(judgeHealth(steady, blocked, requiring(0))).toMatchObject({
    status: 'down',
    data: { reason: 'BLOCKED', message: containing('BLPOP waits on the writer') },
  });
  // A server that hangs is the greater evil.
  expect(judgeHealth(steady, { ...blocked, isAnswering: false }, requiring(0)).data.reason).toBe('TIMEOUT');
});

test('a missing permission names the key that health writes', () => {
  const { data } = judgeHealth(steady, refused('NOPERM No permissions to access a key'), requiring(0));
  expect(data.reason).toBe('NOPERM');
  expect(data.message).toBe(
    'NOPERM No permissions to access a key; the user needs SET and the key "probe" (option "probeKey")',
  );
});

test.each<[string, Topology]>([
  ['no longer a master', masterlessOf(unusable(A, 'TIMEOUT'))],
  [
    'a master that answered the last probe',
    { ...steady, nodes: [node('master', A), unusable(B, 'TIMEOUT')] },
  ],
  ['a master that is silent', { ...steady, nodes: [unusable(A, 'TIMEOUT')] }],
])('a write without an answer is a timeout if there is %s', (_case, topology) => {
  const { status, data } = judgeHealth(topology, silent, requiring(0));
  expect(status).toBe('down');
  expect(data.reason).toBe('TIMEOUT');
  expect(data.message).toBe(
    topology.kind === 'steady'
      ? `no answer to a write within 1000 ms; ${A} does not answer`
      : `no answer to a write within 1000 ms; no node is a master: ${A} (TIMEOUT: because of TIMEOUT)`,
  );
});

test('down if the app has closed the writer', () => {
  expect(judgeHealth(steady, { kind: 'closed' }, requiring(0))).toMatchObject({
    status: 'down',
    data: { reason: 'CLOSED', message: 'the writer is closed', latencyMs: null },
  });
});

test('what a master says when it refuses the write is shown on one line, within 200 characters', () => {
  const { data } = judgeHealth(steady, refused(`OOM no\n\u001b[2J${'x'.repeat(5_000_000)}`), requiring(0));
  expect(data.reason).toBe('OOM');
  expect(data.message).toMatch(/^OOM no \[2Jx+…$/);
  expect(data.message).toHaveLength(200);
});

test('a refused write is down, regardless of other masters and replicas', () => {
  expect(judgeHealth({ ...contested, master: A }, refused('OOM no'), requiring(0)).status).toBe('down');
  expect(judgeHealth(steady, refused('OOM no'), requiring(9))).toMatchObject({
    status: 'down',
    data: { reason: 'OOM' },
  });
});

test('NO_MAJORITY is reported only if a majority is required', () => {
  const alone: Topology = {
    ...steady,
    nodes: [node('master', A), unusable(B, 'TIMEOUT'), unusable(C, 'TIMEOUT')],
  };
  const reasonOf = (topology: Topology, requireMajority: boolean) =>
    judgeHealth(topology, held, { ...requiring(0), requireMajority }).data.reason;
  expect(judgeHealth(alone, held, { ...requiring(0), requireMajority: true })).toMatchObject({
    status: 'down',
    data: { reason: 'NO_MAJORITY', message: 'reason of the writer' },
  });
  expect(reasonOf(alone, false)).toBe('ERROR');
  expect(reasonOf(steady, true)).toBe('ERROR');
  expect(reasonOf(masterlessOf(unusable(A, 'TIMEOUT')), true)).toBe('NO_MASTER');
});
