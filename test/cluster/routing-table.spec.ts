import { expect, test } from 'vitest';
import { readClusterView } from '../../lib/cluster/cluster-view.js';
import { readRedirection } from '../../lib/cluster/redirection.js';
import { RoutingTable } from '../../lib/cluster/routing-table.js';
import { nextShards } from '../../lib/cluster/shards.js';

const text = `a 10.0.0.1:1@2 master - 0 1 1 connected 0-99
a2 10.0.0.2:1@2 slave a 0 1 1 connected
b 10.0.0.3:1@2 master - 0 1 1 connected 100-16383`;

function createTable(): RoutingTable {
  const table = new RoutingTable();
  table.fill(nextShards([], readClusterView(text, [], { host: '10.0.0.1', port: 1 })));
  return table;
}

test('each slot and each address leads to the connection of its shard', () => {
  const table = createTable();
  expect([0, 99, 100, 16_383].map((slot) => table.keyOf(slot))).toEqual([
    'shard-a:1',
    'shard-a:1',
    'shard-b:1',
    'shard-b:1',
  ]);
  expect(table.keyAt({ host: '10.0.0.2', port: 1 })).toBe('shard-a:1');
  expect(table.keyAt({ host: '10.0.0.9', port: 1 })).toBeUndefined();
  expect(table.keys).toHaveLength(16_384);
});

test('a slot that has moved is known until the next list of shards', () => {
  const table = createTable();
  const moved = readRedirection('MOVED 5 10.0.0.3:1');
  if (moved !== undefined) table.note(moved);
  expect([table.keyOf(5), table.keyOf(6)]).toEqual(['shard-b:1', 'shard-a:1']);
});

test.each([
  ['MOVED 5 10.0.0.2:1', true],
  ['MOVED 5 10.0.0.3:1', false],
  ['MOVED 5 10.0.0.9:1', false],
  // Without a host, the slot says whose it is.
  ['MOVED 5 :1', true],
  ['MOVED 100 :1', false],
  ['ASK 5 10.0.0.2:1', false],
  ['TRYAGAIN', false],
])('%s from a node of the first shard: its shard has another master: %s', (message, isWithin) => {
  expect(createTable().isWithin('a', readRedirection(message))).toBe(isWithin);
});

test('nothing is known after it was cleared', () => {
  const table = createTable();
  expect(table.isKnown).toBe(true);
  table.clear();
  expect([table.isKnown, table.keyOf(5), table.keyAt({ host: '10.0.0.1', port: 1 })]).toEqual([
    false,
    undefined,
    undefined,
  ]);
});
