import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readPage, root, sectionOf } from './pages.js';

const page = readPage('docs/log-messages.md');

/** The codes under which the library logs, in order. */
const logged = readdirSync(`${root}lib`, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .flatMap((path) => [...readFileSync(`${root}lib/${path}`, 'utf8').matchAll(/'(RR\d+)'/g)])
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

test('each section has the line, what it means, what to look at and what to do', () => {
  for (const code of explained) {
    expect(sectionOf(page, code)).toMatch(
      /^\n`(log|warn|error|log or warn)` `.+`\n\n- \*\*Means\*\*: .+\n- \*\*Look at\*\*: .+\n- \*\*Do\*\*: .+\n/,
    );
  }
});
