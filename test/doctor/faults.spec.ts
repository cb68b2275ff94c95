import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedisServer, type RedisServer } from '../../lib/testing/servers/redis-server.js';
import { matching } from '../support/matchers.js';
import { stateArgs } from '../support/health-states.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { accessFaults } from './access-faults.js';
import { examine, idsOf } from './examine.js';
import type { Fault, Stage } from './fault.js';
import { networkFaults } from './network-faults.js';
import { otherFaults } from './other-faults.js';
import { replicationFaults } from './replication-faults.js';
import { settingFaults } from './setting-faults.js';
import { tlsFaults } from './tls-faults.js';

const faults: readonly Fault[] = [
  ...settingFaults,
  ...replicationFaults,
  ...accessFaults,
  ...networkFaults,
  ...tlsFaults,
  ...otherFaults,
];

let group: ServerGroup;
let stranger: RedisServer;

beforeAll(async () => {
  // A master that keeps its data, as a healthy one does.
  const args = [...stateArgs, '--repl-ping-replica-period', '10'];
  [group, stranger] = await Promise.all([startGroup({ args }), startRedisServer()]);
  await group.master.command('CONFIG', 'SET', 'save', '3600 1');
});

afterAll(async () => {
  await Promise.all([group.stop(), stranger.stop()]);
});

function stage(): Stage {
  const [first, second] = group.replicas;
  if (first === undefined || second === undefined) throw new Error('there are two replicas');
  return { group, master: group.master, first, second, stranger };
}

const exitCodes = { error: 2, warning: 1, note: 0 };

describe('the command finds', () => {
  test.each(faults)('$finds: $name', async ({ arrange, finds, severity = 'warning', what = /./, remedy }) => {
    const { args = group.endpoints, ...examination } = (await arrange(stage())) ?? {};
    const { findings, exitCode } = await examine({ args, ...examination });
    expect(findings).toContainEqual(
      expect.objectContaining({
        id: finds,
        severity,
        what: matching(what),
        remedy: matching(remedy),
      }),
    );
    expect(exitCode).toBeGreaterThanOrEqual(exitCodes[severity]);
  });
});

test('the command finds nothing wrong with a healthy group', async () => {
  const { findings, exitCode, status } = await examine({ args: group.endpoints });
  expect(idsOf(findings)).toEqual(['min-replicas-off']);
  expect({ exitCode, status }).toEqual({ exitCode: 0, status: 'fine' });
});

test('there are at least thirty faults of different kinds', () => {
  expect(new Set(faults.map(({ finds }) => finds)).size).toBeGreaterThanOrEqual(30);
});
