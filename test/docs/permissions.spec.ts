import { expect, onTestFinished, test } from 'vitest';
import { openReplication } from '../support/open-replication.js';
import { plannedSwap } from '../../lib/testing/servers/replication.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import { until } from '../../lib/testing/servers/until.js';
import { readPage, sectionOf } from './pages.js';

const recipes = readPage('docs/recipes.md');
const [, rules = ''] =
  /^ACL SETUSER app (.+)$/m.exec(sectionOf(recipes, 'Permissions of the Redis user')) ?? [];

/** A group on which the user of the recipe exists, less these rights. */
async function openAsApp(...denied: readonly string[]) {
  const group = await startGroup();
  onTestFinished(() => group.stop());
  const words = [...rules.split(' '), ...denied];
  await Promise.all(group.nodes.map((node) => node.command('ACL', 'SETUSER', 'app', ...words)));
  const redis = { username: 'app', password: 'password' };
  return { group, ...(await openReplication(group.endpoints, { redis })) };
}

test('the user of the recipe lacks nothing', async () => {
  const { group, writer, reader, whenMaster, notes } = await openAsApp();
  const [heir] = group.replicas;
  if (heir === undefined) throw new Error('there is no replica');
  expect(await writer.set('app:key', 'first')).toBe('OK');
  await plannedSwap(group.nodes, heir);
  await whenMaster(heir);
  expect(await writer.set('app:key', 'second')).toBe('OK');
  expect(await writer.setrange('nestjs-redis-replication:probe', 0, '')).toBe(0);
  expect(await reader.exists('app:other')).toBe(0);
  expect(notes.filter((note) => note.includes('may not'))).toEqual([]);
});

test.each([
  ['-info', 'INFO'],
  ['-xread', 'XREAD'],
  ['-pubsub', 'PUBSUB'],
])('without %s the log says what is missing', async (denied, command) => {
  const { notes } = await openAsApp(denied);
  const isNamed = (note: string) => note.includes('may not') && note.includes(command);
  await until('it is said', () => notes.some(isNamed));
});
