import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import ts from 'typescript';
import { allNodes, readSource } from '../architecture/read-source.js';
import { loggedLines } from './log-facts.js';
import { namesIn, readPage, root, sectionOf } from './pages.js';

const page = readPage('docs/log-messages.md');

// The doctor reads lines by their codes, and logs none.
const lines = filesIn('lib/')
  .filter(({ path }) => !path.startsWith('lib/doctor/'))
  .flatMap(({ path, text }) => loggedLines(readSource(path, text)));

/** The codes under which the library logs, in order. */
const logged = lines.map(({ code }) => code).toSorted();

/** The codes that have a section, in order. */
const explained = [...page.text.matchAll(/^### (.*)$/gm)].map(([, code = '']) => code).toSorted();

test('each code of the log has a section, and each section a code', () => {
  expect(logged.length).toBeGreaterThan(50);
  expect(explained).toEqual(logged);
});

test('each code stands for one kind of line', () => {
  expect(logged).toEqual([...new Set(logged)]);
});

test('no source that is built in leaves code or facts of a line to the default', () => {
  const calls = ['lib/sources/', 'lib/elasticache/']
    .flatMap((folder) => filesIn(folder))
    .flatMap(({ path, text }) => allNodes(readSource(path, text).tree))
    .filter(ts.isCallExpression)
    .filter(({ expression }) =>
      /^(this\.#|context\.)?notices\??\.(raise|end)$|^(raise|end)$/.test(expression.getText()),
    );
  expect(calls.length).toBeGreaterThan(10);
  const isBare = ({ arguments: [, told, code] }: ts.CallExpression) =>
    code === undefined || told === undefined || /^(['"`]|text$)/.test(told.getText());
  expect(calls.filter(isBare).map((call) => call.getText())).toEqual([]);
});

test('each section has the line, what it means, what to look at and what to do', () => {
  for (const code of explained) {
    expect(sectionOf(page, code)).toMatch(
      /^\n`(log|warn|error|log or warn)` `.+`\n\n- \*\*Means\*\*: .+\n- \*\*Look at\*\*: .+\n- \*\*Do\*\*: .+\n- \*\*Facts\*\*: .+\n/,
    );
  }
});

test('each value in a line has a name, so that it is a field of a JSON log', () => {
  const unnamed = lines.filter((each) => each.unnamed.length > 0);
  // The lines of sources that apps write; such a source may name its values, too.
  expect(unnamed.map(({ code }) => code)).toEqual(['RR300', 'RR301']);
});

test('each section names the facts of its line, and no other', () => {
  for (const { code, facts } of lines) {
    const expected = [...facts, ...(madeByObservers.includes(code) ? ['node'] : [])].toSorted();
    expect({ code, facts: factsOf(code) }).toEqual({ code, facts: expected });
  }
});

test('the page says of each fact what it is, and of no other', () => {
  const named = new Set([...lines.flatMap(({ facts }) => facts), 'node']);
  expect(namesIn(sectionOf(page, 'Facts')).toSorted()).toEqual([...named, ...added].toSorted());
});

/** Their lines begin with the node that they observe. */
const madeByObservers = ['RR210', 'RR211', 'RR212'];

/** Facts of any line, by where it comes from and how often. `connection` is in the text of one line, too. */
const added = ['shard', 'repeated', 'othersRepeated', 'withinMs'];

function factsOf(code: string): readonly string[] {
  const [, facts = ''] = /- \*\*Facts\*\*: (.+)\n/.exec(sectionOf(page, code)) ?? [];
  return [...facts.matchAll(/`(\w+)`/g)].flatMap(([, name]) => name ?? []).toSorted();
}

function filesIn(folder: string): readonly { readonly path: string; readonly text: string }[] {
  return readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path: folder + path, text: readFileSync(root + folder + path, 'utf8') }));
}
