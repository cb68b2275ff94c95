import { describe, expect, test } from 'vitest';
import { diagnose } from '../../lib/doctor/checks/diagnose.js';
import type { Facts } from '../../lib/doctor/facts.js';
import { findings, type FindingId } from '../../lib/doctor/finding.js';
import type { ChangeNote } from '../../lib/topology/describe-change.js';
import type { LogCode } from '../../lib/topology/log-code.js';
import { matching } from '../support/matchers.js';
import { accessFaults } from './access-faults.js';
import { factsOf, master, nodeFacts, replicaNode, server, setupWith, topologyOf, unusable } from './facts.js';
import { networkFaults } from './network-faults.js';
import { otherFaults } from './other-faults.js';
import { replicationFaults } from './replication-faults.js';
import { settingFaults } from './setting-faults.js';
import { tlsFaults } from './tls-faults.js';

const withUnusable = (node: ReturnType<typeof unusable>) => factsOf([nodeFacts(master), nodeFacts(node)]);

/** What a test can make no server of this machine do. */
const others: readonly [FindingId, Facts, RegExp][] = [
  ['node-unreachable', withUnusable(unusable('UNREACHABLE')), /no way to its address/],
  ['node-error', withUnusable(unusable('ERROR', 'ERR disabled')), /ERR disabled/],
  ['no-cluster', withUnusable(unusable('CLUSTER', 'cluster mode is off')), /mode is off/],
  ['cluster-down', withUnusable(unusable('CLUSTERDOWN', 'the cluster is down')), /is down/],
  ['login-forbidden', withUnusable(unusable('NOPERM')), /not even ask for the role/],
  ['tls-failed', withUnusable(unusable('TLS', 'TLS handshake failed: no cipher')), /no cipher/],
  [
    'plain-password',
    factsOf([nodeFacts(master)], setupWith({ password: 'set' })),
    /over the network without encryption/,
  ],
  [
    'unproven',
    factsOf([nodeFacts(master)], {
      groups: [{ topology: { ...topologyOf([master]), unproven: { since: 0 } } }],
    }),
    /without proof/,
  ],
  ['replica-syncing', factsOf([nodeFacts(master), nodeFacts(replicaNode('syncing'))]), /full copy/],
  [
    'writes-refused',
    factsOf([
      nodeFacts(master, { server: { ...server, write: { kind: 'refused', message: 'ERR by a module' } } }),
    ]),
    /refuses writes: ERR by a module/,
  ],
  [
    'dns-slow',
    factsOf([nodeFacts(master)], { names: [{ name: 'redis.example', addresses: ['10.0.0.1'], ms: 700 }] }),
    /redis\.example took 700 ms/,
  ],
];

describe('from what was gathered follows', () => {
  test.each(others)('%s', (id, facts, what) => {
    expect(diagnose(facts)).toContainEqual(
      expect.objectContaining({ id, what: matching(what), remedy: matching(/./) }),
    );
  });

  test('nothing where nothing is wrong', () => {
    const replica = nodeFacts({ ...replicaNode('up'), endpoint: '10.0.0.2:6379' });
    expect(diagnose(factsOf([nodeFacts(master), replica]))).toEqual([]);
  });
});

test('a node that cannot be used is a warning where another one is the master, and an error where none is', () => {
  const node = nodeFacts(unusable('REFUSED'));
  const severityIn = (facts: Facts) => diagnose(facts).find(({ id }) => id === 'node-refused')?.severity;
  expect(severityIn(factsOf([nodeFacts(master), node]))).toBe('warning');
  expect(severityIn(factsOf([node]))).toBe('error');
});

test('the worst findings come first', () => {
  const severities = diagnose(
    factsOf(
      [nodeFacts(unusable('REFUSED')), nodeFacts(replicaNode('syncing'))],
      setupWith({ minReplicas: 1 }),
    ),
  ).map(({ severity }) => severity);
  const ranks = { error: 0, warning: 1, note: 2 };
  expect(severities.length).toBeGreaterThan(2);
  expect(severities).toEqual(severities.toSorted((a, b) => ranks[a] - ranks[b]));
});

test('each finding is shown by a test', () => {
  const shown = [
    ...others.map(([id]) => id),
    ...[settingFaults, replicationFaults, accessFaults, networkFaults, tlsFaults, otherFaults].flatMap(
      (rows) => rows.map(({ finds }) => finds),
    ),
  ];
  expect(Object.keys(findings).filter((id) => !shown.some((each) => each === id))).toEqual([]);
});

describe('a source that fails is known by the code of the line, whatever its words are', () => {
  const note = (code: LogCode): ChangeNote => ({ code, level: 'warn', text: 'other words', facts: {} });
  const findingsOf = (code: LogCode) => diagnose(factsOf([nodeFacts(master)], { notes: [note(code)] }));

  test.each(['RR302', 'RR504', 'RR505'] as const)('%s', (code) => {
    expect(findingsOf(code)).toContainEqual(
      expect.objectContaining({ id: 'source-failing', severity: 'warning', what: 'other words' }),
    );
  });

  test('and no other line is one', () => {
    expect(findingsOf('RR200').filter(({ id }) => id === 'source-failing')).toEqual([]);
  });
});
