import { expect, onTestFinished, test } from 'vitest';
import { allFlags, nodeVariables, secretVariables } from '../../lib/cli/flags.js';
import { findings } from '../../lib/doctor/finding.js';
import { examine } from '../doctor/examine.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import { namesIn, readPage, rowsOf, sectionOf } from './pages.js';

const page = readPage('docs/doctor.md');

test('each finding is explained, with its severity, and nothing else is', () => {
  const rows = rowsOf(sectionOf(page, 'Findings')).filter(([id]) => id !== 'id');
  const named = Object.fromEntries(rows.map(([id = '', severity]) => [id, severity]));
  expect(rows).toHaveLength(Object.keys(named).length);
  expect(named).toEqual(findings);
});

test('each flag is explained, with its variable, and nothing else is', () => {
  const rows = rowsOf(sectionOf(page, 'Flags')).slice(1);
  expect(rows.map(([flag]) => flag)).toEqual(Object.keys(allFlags).map((name) => `--${name}`));
  const variables = rows.map(([, meaning = '']) => /Variable: (REDIS_\w+)/.exec(meaning)?.[1]);
  expect(variables).toEqual(Object.values(allFlags).map(({ variable }) => variable));
});

test('each variable for nodes and credentials is named, and nothing else is', () => {
  const section = sectionOf(page, 'Nodes and credentials');
  expect(namesIn(section).filter((name) => name.startsWith('REDIS_'))).toEqual(Object.keys(nodeVariables));
  expect(section.match(/REDIS_(?:\w+_)?(?:USERNAME|PASSWORD|PASSPHRASE)/g)).toEqual([...secretVariables]);
});

test('the JSON has the fields that the page names, and no other', async () => {
  const group = await startGroup({ replicas: 1 });
  onTestFinished(() => group.stop());
  const report = await examine({ args: [...group.endpoints, 'localhost:1'] });
  const rows = rowsOf(sectionOf(page, 'JSON')).slice(1);
  expect(rows.map(([field]) => field)).toEqual(Object.keys(report));
  const [, , , , , , ofNodes = []] = rows;
  const inNodes = new Set(report.nodes.flatMap((node) => Object.keys(node)));
  expect([...inNodes].filter((field) => ofNodes[1]?.includes(field) !== true)).toEqual([]);
  expect(report).toMatchObject({ version: 1, status: 'warnings', exitCode: 1, source: 'static' });
});
