import { NEVER, of, ReplaySubject, Subject, throwError, type Observable } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { expect, test } from 'vitest';
import type { LiveShard } from '../../lib/cluster/cluster-loop.js';
import { createClusterStream } from '../../lib/cluster/cluster-stream.js';
import type { ClusterTopology } from '../../lib/cluster/cluster-topology.js';
import { readClusterView, type ClusterView } from '../../lib/cluster/cluster-view.js';
import type { TopologyStream } from '../../lib/stream/topology-stream.js';
import { formatEndpoint, type Endpoint } from '../../lib/topology/endpoint.js';
import { initialResolution } from '../../lib/topology/resolve-topology.js';
import type { Topology } from '../../lib/topology/topology.js';

const steady: Topology = { ...initialResolution(0).topology, kind: 'steady', master: 'a:1', generation: 1 };

/** A cluster of which each node says what `views` has under its name, in virtual time. */
function setStage(views: Record<string, string>, seeds: readonly string[]) {
  const scheduler = new TestScheduler(() => undefined);
  const asked: string[] = [];
  const closed: string[] = [];
  const ask = (endpoint: Endpoint): Observable<ClusterView> => {
    const name = formatEndpoint(endpoint);
    asked.push(name);
    const text = views[name];
    return text === undefined
      ? throwError(() => new Error('refused'))
      : of(readClusterView(text, [], endpoint));
  };
  const follow = (id: string): TopologyStream => {
    const topology$ = new ReplaySubject<Topology>(1);
    topology$.next(steady);
    return { topology$, observed$: NEVER, emit: () => undefined, close: () => closed.push(id) };
  };
  const seeds$ = new Subject<readonly Endpoint[]>();
  const stream = createClusterStream({
    seeds$,
    ask,
    keep: () => undefined,
    follow,
    pollIntervalMs: 500,
    scheduler,
    random: () => 0,
    notify: () => undefined,
  });
  const shards: (readonly LiveShard[])[] = [];
  const topologies: ClusterTopology[] = [];
  stream.shards$.subscribe((each) => shards.push(each));
  stream.topology$.subscribe((each) => topologies.push(each));
  const advance = (ms: number) => {
    const until = scheduler.now() + ms;
    scheduler.maxFrames = until;
    scheduler.flush();
    scheduler.frame = until;
  };
  seeds$.next(seeds.map((name) => ({ host: name.slice(0, -2), port: Number(name.at(-1)) })));
  return { stream, views, asked, closed, shards, topologies, advance };
}

const line = (id: string, slots: string) => `${id} ${id}:1@2 master - 0 1 1 connected ${slots}`;
const one = line('a', '0-16383');
const two = `${line('a', '0-99')}\n${line('b', '100-16383')}`;

test('seeds are asked one after the other until one tells the slots', () => {
  const { asked, shards, topologies, advance } = setStage({ 'c:1': one }, ['a:1', 'b:1', 'c:1']);
  advance(100);
  expect(asked.length).toBeLessThanOrEqual(3);
  expect(shards.at(-1)?.map(({ shard }) => shard.id)).toEqual(['a']);
  expect(topologies.at(-1)).toMatchObject({ kind: 'steady', unassignedSlots: 0 });
});

test('while none answers, they are asked again every quarter of a second', () => {
  const { asked, topologies, advance } = setStage({}, ['a:1', 'b:1']);
  advance(10_000);
  expect(asked.length).toBeGreaterThan(35);
  expect(asked.length).toBeLessThan(90);
  expect(topologies).toEqual([]);
});

test('in calm a node is asked once a second, and soon after a request', () => {
  const { asked, stream, advance } = setStage({ 'a:1': one }, ['a:1']);
  advance(10_000);
  expect(asked.length).toBeGreaterThan(8);
  expect(asked.length).toBeLessThan(14);
  const before = asked.length;
  for (let count = 0; count < 100; count += 1) stream.refresh();
  advance(30);
  expect(asked.length - before).toBeLessThanOrEqual(2);
  expect(asked.length).toBeGreaterThan(before);
});

test('a node that is named in a request is asked itself', () => {
  const { asked, stream, advance } = setStage({ 'a:1': one, 'd:1': one }, ['a:1']);
  advance(100);
  stream.refresh({ host: 'd', port: 1 });
  advance(100);
  expect(asked.at(-1)).toBe('d:1');
});

test('shards come and go, and the streams of those that are left go on', () => {
  const { views, shards, closed, topologies, advance } = setStage({ 'a:1': one }, ['a:1']);
  advance(100);
  const stream = shards.at(-1)?.[0]?.stream;
  views['a:1'] = two;
  advance(2000);
  expect(shards.at(-1)?.map(({ shard }) => shard.id)).toEqual(['a', 'b']);
  expect(shards.at(-1)?.[0]?.stream).toBe(stream);
  views['a:1'] = one;
  advance(3000);
  expect(shards.at(-1)?.map(({ shard }) => shard.id)).toEqual(['a']);
  expect(closed).toEqual(['b']);
  expect(topologies.at(-1)?.kind).toBe('steady');
});

test('slots that belong to no shard make the cluster partial', () => {
  const { topologies, advance } = setStage({ 'a:1': line('a', '0-99') }, ['a:1']);
  advance(100);
  expect(topologies.at(-1)).toMatchObject({ kind: 'partial', unassignedSlots: 16_284 });
});

test('nothing is asked after it is closed, and the streams of all shards are closed', () => {
  const { asked, closed, stream, advance } = setStage({ 'a:1': two }, ['a:1']);
  advance(100);
  stream.close();
  const before = asked.length;
  advance(10_000);
  expect(asked.length).toBe(before);
  expect(closed.toSorted()).toEqual(['a', 'b']);
});
