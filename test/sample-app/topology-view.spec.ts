import type { ClusterTopology, Failover, Topology } from 'nestjs-redis-replication';
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

test('in a cluster, each failover of each shard is told once, and of which shard', () => {
  const cluster = (...generations: readonly number[]): ClusterTopology => ({
    kind: 'steady',
    unassignedSlots: 0,
    shards: generations.map((generation, index) => ({
      id: `shard ${index}`,
      slots: [],
      migratingSlots: [],
      topology: topology(generation),
    })),
  });
  const states = [cluster(1, 1), cluster(2, 1), cluster(2, 2), cluster(3, 2), cluster(3, 2)];
  const { history } = states.reduce<History>(nextView, emptyHistory);
  expect(history.map(({ shard, generation }) => `${shard}: ${generation}`)).toEqual([
    'shard 0: 3',
    'shard 1: 2',
    'shard 0: 2',
  ]);
});
