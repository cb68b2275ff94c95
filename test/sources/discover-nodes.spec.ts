import { of, NEVER, Subject, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { discoverNodes } from '../../lib/sources/discover-nodes.js';
import { parseEndpoint, type Endpoint } from '../../lib/topology/endpoint.js';
import type { NodeReport, Observation } from '../../lib/topology/observation.js';
import { discover } from './running-discovery.js';

describe('discovery', () => {
  test('starts with the seeds', () => {
    expect(discover(['a:1', 'b:1']).lists).toEqual([[parseEndpoint('a:1'), parseEndpoint('b:1')]]);
  });

  test('adds the replicas that a master lists, and the master that a replica lists', () => {
    const found = discover(['a:1']);
    found.reports('a:1', 'replica', 'm:1');
    expect(found.names()).toEqual(['a:1', 'm:1']);
    found.reports('m:1', 'master', 'a:1', 'b:1');
    expect(found.names()).toEqual(['a:1', 'b:1', 'm:1']);
  });

  test('emits the list only when it changes', () => {
    const found = discover(['a:1']);
    found.reports('a:1', 'master', 'b:1', 'c:1');
    found.reports('a:1', 'master', 'c:1', 'b:1');
    found.reports('b:1', 'replica', 'a:1');
    expect(found.lists).toHaveLength(2);
  });

  test('adds no node if a node lists none, and keeps the seeds', () => {
    const found = discover(['a:1', 'b:1']);
    found.reports('a:1', 'master');
    found.isSilent('b:1');
    expect(found.lists).toHaveLength(1);
  });

  test('never removes a seed, reachable or not, listed or not', () => {
    const found = discover(['a:1', 'b:1']);
    found.isSilent('b:1');
    found.reports('a:1', 'master', 'c:1');
    expect(found.names()).toEqual(['a:1', 'b:1', 'c:1']);
  });

  test('keeps an unreachable address while it is listed', () => {
    const found = discover(['a:1']);
    found.reports('a:1', 'master', '172.17.0.2:6379');
    found.isSilent('172.17.0.2:6379');
    found.reports('a:1', 'master', '172.17.0.2:6379');
    expect(found.names()).toEqual(['172.17.0.2:6379', 'a:1']);
  });

  test('removes an unreachable node that is no longer listed once a master is reachable', () => {
    const found = discover(['a:1']);
    found.reports('a:1', 'master', 'b:1', 'c:1');
    found.isSilent('c:1');
    found.reports('a:1', 'master', 'b:1');
    expect(found.names()).toEqual(['a:1', 'b:1']);
  });

  test('keeps a reachable node that is no longer listed, because it may be the next master', () => {
    const found = discover(['a:1']);
    found.reports('a:1', 'master', 'b:1');
    found.reports('b:1', 'replica', 'a:1');
    found.reports('a:1', 'master');
    expect(found.names()).toEqual(['a:1', 'b:1']);
  });

  test('removes nothing while no master is reachable, because an unreachable node may have listed the next one', () => {
    const found = discover(['seed:1']);
    found.reports('seed:1', 'replica', 'm:1');
    found.reports('m:1', 'master', 'seed:1', 'b:1');
    found.isSilent('m:1');
    found.reports('seed:1', 'replica', 'm:1');
    expect(found.names()).toEqual(['b:1', 'm:1', 'seed:1']);
    found.isSilent('seed:1');
    expect(found.names()).toEqual(['b:1', 'm:1', 'seed:1']);
  });

  test('removes a dead master once the next one is reachable and does not list it', () => {
    const found = discover(['seed:1']);
    found.reports('seed:1', 'replica', 'm:1');
    found.reports('m:1', 'master', 'seed:1', 'b:1');
    found.isSilent('m:1');
    found.reports('b:1', 'master', 'seed:1');
    found.reports('seed:1', 'replica', 'b:1');
    expect(found.names()).toEqual(['b:1', 'seed:1']);
  });

  test('uses TLS for nodes that are listed by a node with TLS', () => {
    const found = discover(['rediss://a:1']);
    found.reports('rediss://a:1', 'master', 'b:1');
    expect(found.lists.at(-1)).toContainEqual(
      expect.objectContaining({ host: 'b', port: 1, tls: true, derived: true }),
    );
  });

  test('mapEndpoint translates addresses, and leaves out those for which it returns undefined', () => {
    const found = discover(['a:1'], {
      mapEndpoint: ({ host, port }) => (host === 'inner' ? { host: 'outer', port: port + 1 } : undefined),
    });
    found.reports('a:1', 'master', 'inner:1', 'hidden:1');
    expect(found.names()).toEqual(['a:1', 'outer:2']);
  });

  test('mapEndpoint gets the TLS setting, and is not applied to seeds', () => {
    const mapped: Endpoint[] = [];
    const found = discover(['rediss://a:1'], {
      mapEndpoint: (named) => {
        mapped.push(named);
        return undefined;
      },
    });
    found.reports('rediss://a:1', 'master', 'b:1');
    expect(mapped).toEqual([{ host: 'b', port: 1, tls: true }]);
    expect(found.names()).toEqual(['a:1']);
  });

  test('each subscription starts with the seeds only', () => {
    const source = discoverNodes(['a:1']);
    const observations$ = new Subject<Observation>();
    const context = {
      observations$,
      signals$: NEVER,
      seeking$: of(false),
      scheduler: new VirtualTimeScheduler(),
    };
    const first = source(context).subscribe();
    const report: NodeReport = { role: 'master', named: [parseEndpoint('b:1')] };
    observations$.next({
      endpoint: parseEndpoint('a:1'),
      at: 1,
      signal: { kind: 'poll', at: 1 },
      kind: 'answered',
      report,
    });
    first.unsubscribe();
    const lists: (readonly Endpoint[])[] = [];
    source(context).subscribe((list) => lists.push(list));
    expect(lists).toEqual([[parseEndpoint('a:1')]]);
  });
});

test.each([
  [[], 'discoverNodes: the list of nodes is empty'],
  [['a'], 'discoverNodes: node 1 is not an endpoint: it has no port'],
  [['a:1', 'a:1'], 'discoverNodes: "a:1" is named twice'],
])('seeds %j are refused: %s', (seeds, message) => {
  expect(() => discoverNodes(seeds)).toThrow(message);
});

test('an unknown option is refused by name', () => {
  const options: object = { mapEndpoints: () => undefined };
  expect(() => discoverNodes(['a:1'], options)).toThrow(
    'discoverNodes: unknown option "mapEndpoints"; did you mean "mapEndpoint"?',
  );
});

test.each<[unknown, string]>([
  ['b:1', 'discoverNodes: what mapEndpoint returned is a string with ":"; allowed is { host, port }'],
  [
    { host: 'b', port: '1' },
    'discoverNodes: "port" of what mapEndpoint returned is "1", a number in a string; allowed is a whole number',
  ],
])('a mapEndpoint that returns %j fails the source with its name', (mapped, message) => {
  const options: object = { mapEndpoint: () => mapped };
  const observations$ = new Subject<Observation>();
  const errors: unknown[] = [];
  const context = {
    observations$,
    signals$: NEVER,
    seeking$: of(false),
    scheduler: new VirtualTimeScheduler(),
  };
  discoverNodes(['a:1'], options)(context).subscribe({ error: (error) => errors.push(error) });
  const report: NodeReport = { role: 'master', named: [parseEndpoint('b:1')] };
  const signal = { kind: 'poll', at: 1 } as const;
  observations$.next({ kind: 'answered', endpoint: parseEndpoint('a:1'), at: 1, signal, report });
  expect(String(errors)).toContain(message);
});
