import type { Failover, Topology } from 'nestjs-redis-replication';
import { expect, test } from 'vitest';
import { emptyHistory, nextView, type History } from '../../sample-app/topology/topology-view.js';

function failover(generation: number): Failover {
  return { generation, from: 'a:1', to: 'b:1', at: 1000 + generation, tookMs: 5, cause: 'unblocked' };
}

function topology(generation: number): Topology {
  const facts = { generation, cause: 'unblocked', changedAt: 1000, nodes: [] } as const;
  return generation > 1
    ? { kind: 'steady', master: 'b:1', ...facts, lastFailover: failover(generation) }
    : { kind: 'steady', master: 'b:1', ...facts };
}

function after(generations: readonly number[]): History {
  return generations.map(topology).reduce<History>(nextView, emptyHistory);
}

test('the first master is no failover', () => {
  expect(after([1])).toEqual({ ...topology(1), history: [] });
});

test('each failover is told once, the newest first', () => {
  expect(after([1, 2, 2, 3, 3]).history).toEqual([failover(3), failover(2)]);
});

test('the last 50 are kept', () => {
  const { history } = after(Array.from({ length: 60 }, (_, index) => index + 1));
  expect(history.map(({ generation }) => generation)).toEqual(
    Array.from({ length: 50 }, (_, index) => 60 - index),
  );
});
