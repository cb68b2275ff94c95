import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startRedisGroup } from 'nestjs-redis-replication/testing';
import { codeBlocks } from './code-blocks.js';
import { namesIn, readPage, root, sectionOf } from './pages.js';

const page = readPage('docs/testing.md');

test.each([
  ['A unit test without a server', 'unit.spec.ts'],
  ['A test through a failover', 'failover.spec.ts'],
])('the test to copy under "%s" is the one that is run', (heading, file) => {
  const [block] = codeBlocks({ ...page, text: sectionOf(page, heading) });
  expect(block?.given).toBe('');
  expect(block?.printed).toBe(readFileSync(`${root}test/docs/examples/${file}`, 'utf8'));
});

test('the tables name every option and every call of a group, and no other', async () => {
  const group = await startRedisGroup({ replicas: 0 });
  await group.stop();
  const calls = Object.entries(group).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
  // @ts-expect-error: the error names what is allowed.
  const error: unknown = await startRedisGroup({ wrong: 1 }).catch((reason: unknown) => reason);
  const [, options = ''] = /allowed are (.*)/.exec(String(error)) ?? [];
  const named = namesIn(sectionOf(page, 'What can happen to a group')).map((name) =>
    name.replace(/\(.*/, ''),
  );
  // `source` is no call: it is for the module.
  const expected = [...options.split(', '), ...calls.filter((name) => name !== 'source')];
  expect([...new Set(named)].filter((name) => name !== 'startRedisGroup').toSorted()).toEqual(
    expected.toSorted(),
  );
});
