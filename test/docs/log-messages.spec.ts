import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import ts from 'typescript';
import { allNodes, readSource } from '../architecture/read-source.js';
import { readPage, root, sectionOf } from './pages.js';

const page = readPage('docs/log-messages.md');

/** The codes under which the library logs, in order. */
const logged = filesIn('lib/')
  .flatMap(({ text }) => [...text.matchAll(/'(RR\d+)'/g)])
  .map(([, code = '']) => code)
  .toSorted();

/** The codes that have a section, in order. */
const explained = [...page.text.matchAll(/^### (.*)$/gm)].map(([, code = '']) => code).toSorted();

test('each code of the log has a section, and each section a code', () => {
  expect(logged.length).toBeGreaterThan(50);
  expect(explained).toEqual(logged);
});

test('each code stands for one kind of line', () => {
  expect(logged).toEqual([...new Set(logged)]);
});

test('no source that is built in leaves the code of a line to the default', () => {
  const calls = ['lib/sources/', 'lib/elasticache/']
    .flatMap((folder) => filesIn(folder))
    .flatMap(({ path, text }) => allNodes(readSource(path, text).tree))
    .filter(ts.isCallExpression)
    .filter(({ expression }) =>
      /^(this\.#|context\.)?notices\??\.(raise|end)$|^(raise|end)$/.test(expression.getText()),
    );
  expect(calls.length).toBeGreaterThan(10);
  expect(calls.filter((call) => call.arguments.length < 3).map((call) => call.getText())).toEqual([]);
});

test('each section has the line, what it means, what to look at and what to do', () => {
  for (const code of explained) {
    expect(sectionOf(page, code)).toMatch(
      /^\n`(log|warn|error|log or warn)` `.+`\n\n- \*\*Means\*\*: .+\n- \*\*Look at\*\*: .+\n- \*\*Do\*\*: .+\n/,
    );
  }
});

function filesIn(folder: string): readonly { readonly path: string; readonly text: string }[] {
  return readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path: folder + path, text: readFileSync(root + folder + path, 'utf8') }));
}
