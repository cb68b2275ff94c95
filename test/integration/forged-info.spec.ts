import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { findNode, type Topology } from '../../lib/topology/topology.js';
import { rolesOf } from '../support/group-roles.js';
import { openReplication } from '../support/open-replication.js';
import { follow, promote } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { rogueReplica } from '../support/rogue-replica.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { until } from '../../lib/testing/servers/until.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

afterEach(() => restoreGroup(group));
afterAll(() => group?.stop());

const untrusted = (endpoint: string, expected: true | undefined) => (topology: Topology) => {
  const node = findNode(topology, endpoint);
  return node?.reachable === true && node.untrusted === expected;
};

test.each([
  ['that the master is a replica', 'x\r\nrole:slave\r\ny'],
  ['another history', `x\r\nmaster_replid:${'a'.repeat(40)}\r\nmaster_replid2:${'b'.repeat(40)}\r\ny`],
  [
    'that it is loading, of another mode and process',
    'x\r\nloading:1\r\nredis_mode:cluster\r\nrun_id:other\r\ny',
  ],
  ['that it has no keys', 'x\r\n# Keyspace\r\ndb0:keys=0\r\ny'],
])('the app writes on while an account for replication writes into INFO %s', async (_, address) => {
  const { master } = rolesOf(group);
  const { writer, replication, whenTopology, notes } = await openReplication(group.endpoints);
  const seen: string[] = [];
  replication.topology$.subscribe(({ kind, generation }) => seen.push(`${kind} ${generation}`));

  const attacker = await rogueReplica(master, address);
  await whenTopology(untrusted(master.endpoint, true));
  for (let index = 0; index < 200; index++) expect(await writer.set('key', index)).toBe('OK');
  // A new connection, which reads INFO in its handshake, finds the same master.
  const second = writer.duplicate();
  expect(await second.set('key', 'second')).toBe('OK');
  second.disconnect();
  attacker.leave();
  await whenTopology(untrusted(master.endpoint, undefined));

  expect(await writer.get('key')).toBe('second');
  expect(new Set(seen)).toEqual(new Set(['steady 1']));
  expect(notes.filter((note) => note.includes('trusted'))).toEqual([
    expect.stringContaining(`node ${master.endpoint} cannot be trusted: somebody writes lines into its INFO`),
    `node ${master.endpoint} can be trusted again: nobody writes lines into its INFO`,
  ]);
});

test('an app that starts during the attack writes, and knows the process and its history once it is over', async () => {
  const { master } = rolesOf(group);
  const attacker = await rogueReplica(master, 'x\r\nrole:slave\r\nrun_id:other\r\nredis_mode:sentinel\r\ny');
  const { writer, whenTopology } = await openReplication(group.endpoints);
  expect(await writer.set('key', 'value')).toBe('OK');
  const during = await whenTopology(untrusted(master.endpoint, true));
  expect(findNode(during, master.endpoint)).not.toHaveProperty('runId');
  attacker.leave();
  const after = await whenTopology(
    (topology) =>
      untrusted(master.endpoint, undefined)(topology) &&
      'runId' in (findNode(topology, master.endpoint) ?? {}),
  );
  expect(after).toMatchObject({ kind: 'steady', master: master.endpoint, generation: 1 });
  expect(await writer.get('key')).toBe('value');
});

test('a failover is not held up by an attack on the replica that is promoted', async () => {
  const { master, heir, other } = rolesOf(group);
  const { writer, whenTopology, whenMaster, notes } = await openReplication(group.endpoints);
  await rogueReplica(heir, 'x\r\nrole:slave\r\ny');
  await whenTopology(untrusted(heir.endpoint, true));
  await master.kill();
  await promote(heir);
  await follow(other, heir);
  await whenMaster(heir);
  expect(await writer.set('key', 'value')).toBe('OK');
  await until('the failover is told', () => notes.some((note) => note.startsWith('failover: master')));
});
