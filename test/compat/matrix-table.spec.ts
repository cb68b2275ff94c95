import { expect, test } from 'vitest';
import { putBlock, tableOf, type Cell } from './matrix-table.js';

const old = 'Node 20.19.0, Nest 11.0.0, ioredis 5.4.0';
const recent = 'Node 24.21.0, Nest 12.5.1, ioredis 6.0.0';
const cells: readonly Cell[] = [
  { client: old, server: 'Redis 7.0.15', fault: undefined },
  { client: recent, server: 'Redis 7.0.15', fault: 'exit code 1' },
  { client: recent, server: 'Valkey 9.1.2', fault: undefined },
];
const table = tableOf(cells, new Date('2026-11-26T23:00:00Z'));

test('the table holds what was run, with its date, and leaves the rest empty', () => {
  expect(table.split('\n')).toEqual([
    'Run on 2026-11-26: 3 combinations.',
    '',
    '| Node.js | Nest | ioredis | Redis 7.0.15 | Valkey 9.1.2 |',
    '| --- | --- | --- | :-: | :-: |',
    '| 20.19.0 | 11.0.0 | 5.4.0 | ✓ |  |',
    '| 24.21.0 | 12.5.1 | 6.0.0 | failed | ✓ |',
  ]);
});

test('a table takes the place of the one before, and nothing else changes', () => {
  const page = 'before\n<!-- written by npm run matrix -- --write -->\n\nold\n\n<!-- end -->\nafter\n';
  const written = putBlock(page, table);
  expect(written).toBe(page.replace('old', table));
  expect(putBlock(written, 'new')).toBe(page.replace('old', 'new'));
  expect(() => putBlock('no place', table)).toThrow('The page has no <!-- written by npm run matrix');
});
