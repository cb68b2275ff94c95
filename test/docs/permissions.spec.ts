import { expect, onTestFinished, test } from 'vitest';
import { plannedSwap } from '../../lib/testing/servers/replication.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import { until } from '../../lib/testing/servers/until.js';
import { openReplication } from '../support/open-replication.js';
import { readPage, sectionOf } from './pages.js';

const section = sectionOf(readPage('docs/recipes.md'), 'Permissions of the Redis user');
const [, recipe = ''] = /^(ACL SETUSER app .+)$/m.exec(section) ?? [];

/** The users of the page, by what stands in bold before each. */
const smallest = new Map(
  [...section.matchAll(/^\*\*(.+?)\.\*\*[^\n]*\n\n```\n(ACL SETUSER app .+)\n```$/gm)].map(
    ([, name = '', command = '']) => [name.replaceAll('`', ''), command] as const,
  ),
);

interface Opening {
  readonly denied?: readonly string[];
  readonly probeKey?: string;
  readonly readFrom?: 'replica';
}

/** A group on which the user of the page exists, less these rights. */
async function openAs(command: string, { denied = [], ...options }: Opening = {}) {
  const group = await startGroup({ replicas: 1 });
  onTestFinished(() => group.stop());
  const [name = '', ...args] = [...command.split(' '), ...denied];
  await Promise.all(group.nodes.map((node) => node.command(name, ...args)));
  const [heir] = group.replicas;
  if (heir === undefined) throw new Error('there is no replica');
  const redis = { username: 'app', password: 'password' };
  return { group, heir, ...(await openReplication(group.endpoints, { redis, ...options })) };
}

/** The command that a note names as missing. */
function missingIn(notes: readonly string[]): readonly string[] {
  const named = notes.flatMap(
    (note) => /the user may not .*?\b(XREAD|INFO|SUBSCRIBE)\b/.exec(note)?.[1] ?? [],
  );
  return [...new Set(named)].toSorted();
}

test('the user of the recipe lacks nothing', async () => {
  const { group, heir, writer, reader, whenMaster, notes } = await openAs(recipe);
  expect(await writer.set('app:key', 'first')).toBe('OK');
  await plannedSwap(group.nodes, heir);
  await whenMaster(heir);
  expect(await writer.set('app:key', 'second')).toBe('OK');
  expect(await writer.setrange('nestjs-redis-replication:probe', 0, '')).toBe(0);
  expect(await reader.exists('app:other')).toBe(0);
  expect(missingIn(notes)).toEqual([]);
});

test.each([
  ['-info', 'INFO'],
  ['-xread', 'XREAD'],
  ['-pubsub', 'SUBSCRIBE'],
])('without %s the log says what is missing', async (denied, command) => {
  const { notes } = await openAs(recipe, { denied: [denied] });
  await until('it is said', () => missingIn(notes).includes(command));
});

interface Expected extends Omit<Opening, 'denied'> {
  /** What the log names. */
  readonly missing: readonly string[];
  readonly write: 'OK' | 'NOPERM';
  readonly health: 'OK' | 'NOPERM';
}

const expected: Readonly<Record<string, Expected>> = {
  Everything: { missing: [], write: 'OK', health: 'OK' },
  'A probe key among the keys of the app': {
    missing: [],
    write: 'OK',
    health: 'OK',
    probeKey: 'app:probe',
  },
  'Without the watcher': { missing: ['XREAD'], write: 'OK', health: 'OK' },
  'Without the channel of the fleet': { missing: ['SUBSCRIBE'], write: 'OK', health: 'OK' },
  'Without INFO': { missing: ['INFO'], write: 'OK', health: 'OK' },
  'Without the health check': { missing: [], write: 'OK', health: 'NOPERM' },
  'Nothing for the library': { missing: ['INFO', 'SUBSCRIBE', 'XREAD'], write: 'OK', health: 'NOPERM' },
  'An app that only reads': { missing: [], write: 'NOPERM', health: 'NOPERM', readFrom: 'replica' },
};

test('each user of the page is tried', () => {
  expect([...smallest.keys()]).toEqual(Object.keys(expected));
});

test.each(Object.entries(expected))(
  'the smallest user works through a failover, and lacks what the page says: %s',
  async (name, { missing, write, health, ...options }) => {
    const { group, heir, writer, reader, whenMaster, notes } = await openAs(
      smallest.get(name) ?? '',
      options,
    );
    const { probeKey = 'nestjs-redis-replication:probe' } = options;
    const outcomeOf = (reply: Promise<unknown>) =>
      reply.then(
        () => 'OK',
        (error: unknown) => (error instanceof Error ? error.message.split(' ', 1)[0] : undefined),
      );
    const tryAll = async () => {
      expect(await outcomeOf(writer.set('app:key', 'value'))).toBe(write);
      expect(await outcomeOf(writer.setrange(probeKey, 0, ''))).toBe(health);
      expect(await reader.get('app:none')).toBe(null);
    };
    await tryAll();
    await plannedSwap(group.nodes, heir);
    await whenMaster(heir);
    await tryAll();
    await until('what is missing is said', () => missing.every((each) => missingIn(notes).includes(each)));
    expect(missingIn(notes)).toEqual(missing);
    expect(await heir.command('GET', 'app:key')).toBe(write === 'OK' ? 'value' : null);
  },
);
