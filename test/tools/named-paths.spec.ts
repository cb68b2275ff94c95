import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { root } from '../docs/pages.js';

const filesIn = (folder: string, ending: RegExp) =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((file) => ending.test(file))
    .map((file) => `${folder}/${file}`);

const PATH =
  /(?<![\w./-])(?:api|bench|docs|lib|sample-app|site|test|tools)\/[\w./-]+\.(?:json|md|mjs|mts|ts)\b/g;

const readers = [
  'package.json',
  'vitest.config.ts',
  'vitest.peers.config.ts',
  '.ci/run',
  ...filesIn('tools', /\.mjs$/),
  ...filesIn('.github', /\.yml$/),
];

/** A tool that is given a file that is not there may do nothing, and look as if all were well. */
test.each(readers)('each file that %s names is there', (reader) => {
  const named = readFileSync(`${root}${reader}`, 'utf8').match(PATH) ?? [];
  expect(named.filter((path) => !existsSync(`${root}${path}`))).toEqual([]);
});

test('the files that the tools name are found', () => {
  const named = readers.flatMap((reader) => readFileSync(`${root}${reader}`, 'utf8').match(PATH) ?? []);
  expect(named).toContain('lib/testing/servers/server-process.ts');
  expect(named).toContain('test/compat/matrix.ts');
});
