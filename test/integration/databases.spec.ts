import { afterAll, beforeAll, expect, test } from 'vitest';
import { rolesOf } from '../support/group-roles.js';
import { openReplication } from '../support/open-replication.js';
import { follow, promote } from '../../lib/testing/servers/replication.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { needsServer } from '../support/server-under-test.js';
import { createUser } from '../support/users.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

afterAll(() => group.stop());

test('a user with access to one database follows a demotion at once, without a poll', async (context) => {
  needsServer(context, ['Valkey 9.1', 'databases in the rules of users']);
  const user = { name: 'app', password: 'secret', rules: ['~*', '&*', '+@all', 'resetdbs', 'db=1'] };
  await createUser(group.nodes, user);
  const { writer, whenMaster, whenTopology, notes } = await openReplication(group.endpoints, {
    redis: { username: user.name, password: user.password, db: 1 },
    // Longer than the test.
    pollIntervalMs: 60_000,
  });
  const { master, heir } = rolesOf(group);
  expect(await writer.set('key', 'value')).toBe('OK');
  const isDemoted = whenTopology(({ kind }) => kind === 'masterless');
  await follow(master, heir);
  await isDemoted;
  await promote(heir);
  await whenMaster(heir);
  expect(await writer.set('key', 'value')).toBe('OK');
  expect(notes.filter((note) => note.includes('XREAD'))).toEqual([]);
});
