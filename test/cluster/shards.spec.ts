import { expect, test } from 'vitest';
import { readClusterView } from '../../lib/cluster/cluster-view.js';
import { nextShards, shardAt, type Shard } from '../../lib/cluster/shards.js';

const asked = { host: '10.0.0.1', port: 7000 };

/** The shards after each of these replies to `CLUSTER NODES`, in which a node `a1` has the address `a1:7000`. */
function shardsAfter(...views: readonly (readonly string[])[]): readonly Shard[] {
  return views.reduce<readonly Shard[]>((shards, lines) => {
    const text = lines.map((line) => line.replace(/^(\w+) /, '$1 $1:7000@17000 ')).join('\n');
    return nextShards(shards, readClusterView(text, [], asked));
  }, []);
}

const master = (id: string, slots = '', flags = 'master') =>
  `${id} ${flags} - 0 1 1 connected ${slots}`.trimEnd();
const replica = (id: string, of: string) => `${id} slave ${of} 0 1 1 connected`;
const idsIn = (shards: readonly Shard[]) =>
  Object.fromEntries(shards.map(({ id, members }) => [id, members.map((each) => each.id).join()]));

const whole = [master('a1', '0-8191'), replica('a2', 'a1'), master('b1', '8192-16383'), replica('b2', 'b1')];

test('each master with slots makes a shard, with its replicas', () => {
  expect(idsIn(shardsAfter(whole))).toEqual({ a1: 'a1,a2', b1: 'b1,b2' });
});

test('the order in which a node lists the others changes nothing', () => {
  expect(shardsAfter(whole, whole.toReversed())).toEqual(shardsAfter(whole));
});

test('a master without slots makes none', () => {
  expect(idsIn(shardsAfter([...whole, master('c1'), replica('c2', 'c1')]))).toEqual({
    a1: 'a1,a2',
    b1: 'b1,b2',
  });
});

test('a shard stays the same when a replica takes over, also back and forth', () => {
  const failed = [master('a1', '', 'master,fail'), master('a2', '0-8191'), ...whole.slice(2)];
  const returned = [replica('a1', 'a2'), master('a2', '0-8191'), ...whole.slice(2)];
  const shards = shardsAfter(whole, failed);
  expect(idsIn(shards)).toEqual({ a1: 'a1,a2', b1: 'b1,b2' });
  expect(shards[0]?.members.map(({ isMaster }) => isMaster)).toEqual([false, true]);
  expect(idsIn(shardsAfter(whole, failed, returned, whole))).toEqual({ a1: 'a1,a2', b1: 'b1,b2' });
});

test('a dead master stays a member until the cluster forgets it', () => {
  const forgotten = [master('a2', '0-8191'), ...whole.slice(2)];
  expect(idsIn(shardsAfter(whole, forgotten))).toEqual({ a1: 'a2', b1: 'b1,b2' });
});

test('a replica that moves to another shard leaves its own', () => {
  expect(idsIn(shardsAfter(whole, [whole[0] ?? '', replica('a2', 'b1'), ...whole.slice(2)]))).toEqual({
    a1: 'a1',
    b1: 'a2,b1,b2',
  });
});

test('a shard whose slots have all moved is gone, and a new master with slots is a new one', () => {
  const moved = [
    master('a1'),
    replica('a2', 'b1'),
    master('b1', '8192-16383'),
    replica('b2', 'b1'),
    master('c1', '0-8191'),
  ];
  expect(idsIn(shardsAfter(whole, moved))).toEqual({ b1: 'a2,b1,b2', c1: 'c1' });
});

test('where a shard splits, it continues in its master, and no two have the same id', () => {
  const failedOver = [replica('a1', 'a2'), master('a2', '0-8191'), ...whole.slice(2)];
  const split = [master('a1', '0-99'), master('a2', '100-8191'), ...whole.slice(2)];
  const shards = shardsAfter(whole, failedOver, split);
  expect(shards.map(({ id, slots }) => [id, slots[0]?.first])).toEqual([
    ['a1+', 0],
    ['a1', 100],
    ['b1', 8192],
  ]);
});

test('only the master itself changes which of its slots are on their way', () => {
  const migrating = [master('a1', '0-8191 [7->-b1]', 'myself,master'), ...whole.slice(1)];
  expect(shardsAfter(migrating)[0]?.migrating).toEqual([7]);
  expect(shardsAfter(migrating, whole)[0]?.migrating).toEqual([7]);
  const done = [master('a1', '0-6 8-8191', 'myself,master'), ...whole.slice(1)];
  expect(shardsAfter(migrating, whole, done)[0]?.migrating).toEqual([]);
});

test('a shard is found by any address of its nodes', () => {
  const shards = shardsAfter(whole);
  expect(shardAt(shards, { host: 'a2', port: 7000 })?.id).toBe('a1');
  expect(shardAt(shards, { host: 'a2', port: 7001 })).toBeUndefined();
});
