import { expect, test } from 'vitest';
import { line, withFacts } from '../../lib/topology/log-line.js';

test('a line has its values in the text, and once more by name', () => {
  const told = line`master ${{ master: 'a:1' }} is back after ${{ tookMs: 12 }} ms`;
  expect(told).toEqual({ text: 'master a:1 is back after 12 ms', facts: { master: 'a:1', tookMs: 12 } });
});

test('a line without values has no facts', () => {
  expect(line`each slot belongs to a shard again`).toEqual({
    text: 'each slot belongs to a shard again',
    facts: {},
  });
});

test('a list stands in the text with commas, and is a list among the facts', () => {
  const shards = ['shard 0-99', 'shard 100-199'];
  expect(line`the cluster has ${{ shards }}`).toEqual({
    text: 'the cluster has shard 0-99, shard 100-199',
    facts: { shards },
  });
});

test('a line within a line brings its values along', () => {
  const inner = line`cannot use ${{ node: 'a:1' }}`;
  expect(line`${{ connection: 'writer' }}: ${inner}`).toEqual({
    text: 'writer: cannot use a:1',
    facts: { connection: 'writer', node: 'a:1' },
  });
});

test('facts beside the text do not change it', () => {
  const told = withFacts(line`data loss: ${{ bytes: 7 }} bytes`, { dataLoss: { at: 1 } });
  expect(told).toEqual({ text: 'data loss: 7 bytes', facts: { bytes: 7, dataLoss: { at: 1 } } });
});
