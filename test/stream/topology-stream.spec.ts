import { concat, NEVER, of, Subject, throwError, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { listsOf } from '../../lib/sources/check-source.js';
import type { SourceNode } from '../../lib/sources/node-source.js';
import { parseEndpoint, type Endpoint } from '../../lib/topology/endpoint.js';
import { masterOf } from '../../lib/topology/topology.js';
import { A, B, C, master, replica, faulty } from '../topology/reports.js';
import { record, startVirtualGroup } from './virtual-group.js';

const healthy = { [A]: master({ on: 'R1' }), [B]: replica({ on: 'R1' }), [C]: replica({ on: 'R1' }) };
const heir = master({ on: 'R2/R1@1' });

const gaps = (moments: readonly number[]) =>
  moments.slice(1).map((moment, index) => Math.round((moment - (moments[index] ?? 0)) * 100) / 100);

describe('while all is calm', () => {
  test('each node is probed every 500 ms, give or take a tenth', () => {
    const group = startVirtualGroup({ nodes: { [A]: healthy[A] }, randoms: [0.5, 0, 0.25, 0.999] });
    record(group);
    group.runTo(2200);
    expect(gaps(group.probesOf(A))).toEqual([500, 450, 475, 549.9]);
  });

  test('every node has its own jitter, so that nodes are not probed in step', () => {
    const group = startVirtualGroup({ nodes: healthy, randoms: [0.1, 0.4, 0.8] });
    record(group);
    group.runTo(600);
    const second = [A, B, C].map((node) => group.probesOf(node, 10)[0]);
    expect(new Set(second).size).toBe(3);
  });

  test('nothing is emitted as long as nothing changes', () => {
    const group = startVirtualGroup({ nodes: healthy });
    const { values } = record(group);
    group.runTo(100);
    const emitted = values.length;
    group.runTo(60_000);
    expect(group.probesOf(A).length).toBeGreaterThan(100);
    expect(values).toHaveLength(emitted);
  });
});

describe('at the start', () => {
  test('all nodes are probed at once, and nothing is decided before each has answered or failed', () => {
    const group = startVirtualGroup({ nodes: healthy });
    const { values, kinds } = record(group);
    group.runTo(0);
    expect(group.probes).toEqual([A, B, C].map((node) => ({ node, at: 0 })));
    expect(kinds().slice(0, -1)).toEqual(['unknown', 'unknown', 'unknown']);
    expect(values.at(-1)).toMatchObject({ kind: 'steady', master: A, generation: 1, cause: 'start' });
  });

  test('nothing happens before the first subscription', () => {
    const group = startVirtualGroup({
      nodes: healthy,
      source: () => {
        throw new Error('The source was subscribed to');
      },
    });
    group.stream.emit('requested');
    group.runTo(10_000);
    expect([group.probes, group.notes]).toEqual([[], []]);
  });
});

describe('a signal', () => {
  test('wakes all nodes at once', () => {
    const group = startVirtualGroup({ nodes: healthy });
    record(group);
    group.at(700, () => group.stream.emit('connection closed', A));
    group.runTo(700);
    expect([A, B, C].map((node) => group.probesOf(node, 700))).toEqual([[700], [700], [700]]);
  });

  test('given a hundred times at once causes one probe of each node', () => {
    const group = startVirtualGroup({ nodes: healthy });
    record(group);
    group.at(700, () => {
      for (let times = 0; times < 100; times++) group.stream.emit('write refused', A);
    });
    group.runTo(700);
    expect([A, B, C].map((node) => group.probesOf(node, 700))).toEqual([[700], [700], [700]]);
  });

  test('is not needed if a poll detects the loss of the master: all nodes are probed at once, and densely', () => {
    const group = startVirtualGroup({ nodes: healthy });
    const { last } = record(group);
    group.at(100, () => group.change(A, replica({ on: 'R1' })));
    group.runTo(560);
    const [lostAt = 0] = group.probesOf(A, 100);
    expect(last()?.kind).toBe('masterless');
    expect([B, C].map((node) => group.probesOf(node, lostAt)[0])).toEqual([lostAt, lostAt]);
    group.at(570, () => group.change(B, heir));
    group.runTo(576);
    expect(last()).toMatchObject({ kind: 'steady', master: B, lastFailover: { cause: 'poll' } });
  });

  test('is a false alarm if every node reports the same as before: calm returns when all have answered', () => {
    const group = startVirtualGroup({ nodes: healthy });
    const { values } = record(group);
    group.runTo(600);
    const emitted = values.length;
    group.at(700, () => group.stream.emit('unblocked', A));
    group.runTo(1600);
    // Those that answered before the last one were due again by then.
    const afterwards = [A, B, C].map((node) => gaps(group.probesOf(node, 700)));
    expect(afterwards.toSorted((a, b) => a.length - b.length)).toEqual([[500], [5, 500], [5, 500]]);
    expect(values).toHaveLength(emitted);
  });

  test('causes one more probe of all nodes after a failover, to observe that replicas follow', () => {
    const group = startVirtualGroup({ nodes: healthy });
    const { last } = record(group);
    group.at(700, () => {
      group.change(A, replica({ on: 'R1' }));
      group.change(B, heir);
      group.stream.emit('unblocked', A);
    });
    group.at(702, () => group.change(C, replica({ on: 'R2/R1@1' })));
    group.runTo(710);
    expect(last()).toMatchObject({ kind: 'steady', master: B });
    expect(last()?.nodes.find(({ endpoint }) => endpoint === C)).toMatchObject({ following: true });
  });

  test('names the cause and the beginning of the failover that follows', () => {
    const group = startVirtualGroup({ nodes: healthy });
    const { last } = record(group);
    group.at(700, () => {
      group.change(A, faulty('REFUSED'));
      group.stream.emit('connection closed', A);
    });
    group.at(738, () => group.change(B, heir));
    group.runTo(760);
    expect(last()?.lastFailover?.tookMs).toBe(39);
    expect(last()).toMatchObject({
      kind: 'steady',
      master: B,
      generation: 2,
      lastFailover: { from: A, to: B, cause: 'connection closed' },
    });
  });
});

describe('while there is no master', () => {
  /** A fails at 700, with a signal. */
  function loseMaster() {
    const group = startVirtualGroup({ nodes: healthy });
    const emitted = record(group);
    group.at(700, () => {
      group.change(A, faulty('REFUSED'));
      group.stream.emit('connection closed', A);
    });
    return { group, ...emitted };
  }

  test('nodes that answer are probed every 1 to 5 ms at first, then every 5 ms, one that does not every 50 ms', () => {
    const { group } = loseMaster();
    group.runTo(800);
    const answering = gaps(group.probesOf(B, 700));
    expect(answering.slice(0, 12)).toEqual([1, 1, 1, 1, 1, 1.25, 1.56, 1.95, 2.44, 3.05, 3.81, 4.77]);
    expect(new Set(answering.slice(12))).toEqual(new Set([5]));
    expect(gaps(group.probesOf(A, 700))).toEqual([50, 50]);
  });

  test('the sweep ends when there is one and the replicas have been probed once more', () => {
    const { group, last } = loseMaster();
    group.at(903, () => group.change(B, heir));
    group.runTo(2000);
    expect(last()?.changedAt).toBe(904);
    expect(last()).toMatchObject({ master: B });
    // The first of them is due again when the other ends the sweep.
    const afterwards = [B, C].map((node) => gaps(group.probesOf(node, 903)).slice(0, 3));
    expect(afterwards.toSorted(([, a = 0], [, b = 0]) => a - b)).toEqual([
      [5, 5, 500],
      [5, 500, 500],
    ]);
  });

  test('probes become less frequent after ten seconds, down to one every 250 ms', () => {
    const { group } = loseMaster();
    group.runTo(20_000);
    expect(new Set(gaps(group.probesOf(B, 721).filter((at) => at <= 10_700)))).toEqual(new Set([5]));
    const late = gaps(group.probesOf(B, 10_706));
    expect([...new Set(late)]).toEqual([10, 20, 40, 80, 160, 250]);
  });

  test('a signal makes rare probes dense again for a second', () => {
    const { group } = loseMaster();
    group.at(20_000, () => group.stream.emit('connection failed'));
    group.runTo(22_000);
    const again = group.probesOf(B, 20_000);
    expect(again.filter((at) => at <= 21_000)).toHaveLength(201);
    expect(again.filter((at) => at > 21_010)).toHaveLength(99);
  });
});

describe('a node whose probe never ends', () => {
  test('delays no other: the others are probed, and a master among them is accepted', () => {
    const group = startVirtualGroup({ nodes: healthy });
    const { last } = record(group);
    group.at(600, () => group.change(C, 'hangs'));
    group.at(1500, () => {
      group.change(A, faulty('REFUSED'));
      group.stream.emit('connection closed', A);
    });
    group.at(1530, () => group.change(B, heir));
    group.runTo(1535);
    expect(last()).toMatchObject({ kind: 'steady', master: B });
    expect(last()?.changedAt).toBeLessThan(1535);
    expect(group.probesOf(C, 1000)).toHaveLength(1);
  });
});

describe('the list of nodes', () => {
  const endpoints = (...names: string[]) => names.map(parseEndpoint);

  test('adds and removes observers as it changes, and keeps those of nodes that stay', () => {
    const lists$ = new Subject<readonly Endpoint[]>();
    const group = startVirtualGroup({ nodes: healthy, source: () => lists$ });
    const { last } = record(group);
    lists$.next(endpoints(A, B));
    group.runTo(100);
    lists$.next(endpoints(B, C));
    expect(group.observers).toEqual([`${A} begins`, `${B} begins`, `${A} ends`, `${C} begins`]);
    expect(last()?.nodes.map(({ endpoint, kind }) => `${endpoint} ${kind}`)).toEqual([
      `${B} replica`,
      `${C} pending`,
    ]);
    expect(last()?.kind).toBe('masterless');
    group.runTo(200);
    expect(last()?.nodes.map(({ kind }) => kind)).toEqual(['replica', 'replica']);
  });

  test('may tell the zone of each node, which the topology repeats as it changes', () => {
    const lists$ = new Subject<readonly SourceNode[]>();
    const group = startVirtualGroup({ nodes: healthy, source: () => lists$ });
    const { last } = record(group);
    const inZones = (...zones: string[]) =>
      endpoints(A, B).map((node, index) => ({ ...node, zone: zones[index] ?? '' }));
    const zones = () => last()?.nodes.map(({ zone, address }) => [zone, Object.keys(address)]);
    const plain = ['host', 'port'];
    lists$.next(inZones('zone-a', 'zone-b'));
    group.runTo(100);
    expect(zones()).toEqual([
      ['zone-a', plain],
      ['zone-b', plain],
    ]);
    lists$.next(inZones('zone-a', 'zone-c'));
    expect(zones()).toEqual([
      ['zone-a', plain],
      ['zone-c', plain],
    ]);
    expect(group.observers).toEqual([`${A} begins`, `${B} begins`]);
  });

  test('may tell that a node is to be reached with TLS from now on; what it reported stands', () => {
    const lists$ = new Subject<readonly SourceNode[]>();
    const group = startVirtualGroup({ nodes: healthy, source: () => lists$ });
    const { last, kinds } = record(group);
    lists$.next(endpoints(A, B));
    group.runTo(100);
    lists$.next(endpoints(`rediss://${A}`, B));
    expect(group.observers).toEqual([`${A} begins`, `${B} begins`, `${A} ends`, `${A} begins`]);
    expect(last()?.nodes.map(({ address }) => address.tls)).toEqual([true, undefined]);
    expect(last()).toMatchObject({ kind: 'steady', master: A });
    group.runTo(200);
    expect(kinds().slice(kinds().indexOf('steady'))).not.toContain('masterless');
  });

  test('may be final: a source that completes leaves its last list in force', () => {
    const group = startVirtualGroup({ nodes: healthy, source: () => of(endpoints(A, B)) });
    const { ends, last } = record(group);
    group.runTo(5000);
    expect(last()).toMatchObject({ kind: 'steady', master: A });
    expect(group.probesOf(A).length).toBeGreaterThan(5);
    expect(ends).toEqual([]);
  });

  test('may be empty: there is no master then', () => {
    const group = startVirtualGroup({ nodes: {}, source: () => of([]) });
    const { last } = record(group);
    group.runTo(10);
    expect(last()).toMatchObject({ kind: 'masterless', nodes: [], generation: 0 });
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('no inventory');
      },
    ],
    ['errors', () => throwError(() => new Error('no inventory'))],
  ])(
    'comes from a source that %s at first: the error is logged, the source is retried every second, and the topology goes on',
    (_, fail) => {
      let attempts = 0;
      const group = startVirtualGroup({
        nodes: healthy,
        source: () => (++attempts <= 2 ? fail() : concat(of(endpoints(A)), NEVER)),
      });
      const { ends, last } = record(group);
      group.runTo(1999);
      expect([attempts, last()]).toEqual([2, undefined]);
      group.runTo(2000);
      expect(last()).toMatchObject({ kind: 'steady', master: A });
      expect(group.notes).toEqual(
        Array.from({ length: 2 }, () => 'the source of nodes failed: no inventory'),
      );
      expect(ends).toEqual([]);
    },
  );

  test('stays in use while its source fails later on', () => {
    const lists$ = new Subject<readonly Endpoint[]>();
    const sources = [lists$, NEVER];
    const group = startVirtualGroup({ nodes: healthy, source: () => sources.shift() ?? NEVER });
    const { last } = record(group);
    lists$.next(endpoints(A, B));
    group.runTo(100);
    lists$.error('gone');
    group.runTo(3000);
    expect(group.notes).toEqual(['the source of nodes failed: gone']);
    expect(last()).toMatchObject({ kind: 'steady', master: A });
    expect(group.probesOf(A, 2000).length).toBeGreaterThan(0);
    expect(group.observers).toEqual([`${A} begins`, `${B} begins`]);
  });

  test.each<[string, unknown, string]>([
    ['undefined', undefined, 'it emitted undefined; allowed is a list of { host, port }'],
    ['one node', { host: 'a', port: 1 }, 'it emitted a value of type object; allowed is a list of'],
    ['texts', ['redis://app:s3cret@a:1'], 'node 1 is a URL; allowed is { host, port }'],
    ['nothing in a list', [null], 'node 1 is null; allowed is { host, port }'],
    ['no port', [{ host: 'a' }], '"port" of node 1 is undefined; allowed is a whole number from 1 to 65535'],
    ['port 0', [{ host: 'a', port: 0 }], '"port" of node 1 is 0; allowed is a whole number from 1'],
    [
      'a port in a string',
      [
        { host: 'a', port: 1 },
        { host: 'b', port: '1' },
      ],
      '"port" of node 2 is "1", a number in a string',
    ],
    [
      'a host with a port',
      [{ host: 'a:1', port: 1 }],
      '"host" of node 1 is a string with ":"; allowed is a host',
    ],
    ['a host that is a URL', [{ host: 'redis://:s3cret@a', port: 1 }], '"host" of node 1 is a URL'],
    [
      'tls that is no boolean',
      [{ host: 'a', port: 1, tls: {} }],
      '"tls" of node 1 is a value of type object',
    ],
    ['a typo', [{ host: 'a', port: 1, serverName: 'b' }], 'unknown "serverName" of node 1; did you mean'],
  ])('stays in use if the source then emits %s, which is named and tried again', (_, list, message) => {
    const lists$ = new Subject<readonly Endpoint[]>();
    let attempts = 0;
    const group = startVirtualGroup({
      nodes: healthy,
      source: () => {
        attempts += 1;
        return attempts === 1 ? lists$ : NEVER;
      },
    });
    const { last, ends } = record(group);
    lists$.next(endpoints(A, B));
    group.runTo(100);
    Reflect.apply(lists$.next.bind(lists$), undefined, [list]);
    group.runTo(1500);
    expect(group.notes).toEqual([expect.stringContaining(`the source of nodes failed: ${message}`)]);
    expect(group.notes.join()).not.toContain('s3cret');
    expect(last()).toMatchObject({ kind: 'steady', master: A });
    expect([attempts, ends]).toEqual([2, []]);
  });

  test.each<[string, () => unknown, string]>([
    ['nothing', () => undefined, 'it returned undefined; allowed is an Observable of lists of nodes'],
    ['a list', () => endpoints(A), 'it returned an array; allowed is an Observable of lists of nodes'],
    ['a promise', async () => of(endpoints(A)), 'it returned a promise; allowed is an Observable'],
    ['a promise that rejects', () => Promise.reject(new Error('no')), 'it returned a promise; allowed is'],
  ])('may come later from a source that at first returns %s', (_, wrong, message) => {
    let attempts = 0;
    const source = (): unknown => {
      attempts += 1;
      return attempts === 1 ? Reflect.apply(wrong, undefined, []) : concat(of(endpoints(A)), NEVER);
    };
    const group = startVirtualGroup({ nodes: healthy, ...Object.fromEntries([['source', source]]) });
    const { last } = record(group);
    group.runTo(1000);
    expect(group.notes).toEqual([expect.stringContaining(`the source of nodes failed: ${message}`)]);
    expect(last()).toMatchObject({ kind: 'steady', master: A });
  });

  test('is not changed by a source that changes it afterwards', () => {
    const list = [{ host: 'a', port: 1 }];
    const seen: (readonly Endpoint[])[] = [];
    const context = {
      observations$: NEVER,
      signals$: NEVER,
      seeking$: of(false),
      scheduler: new VirtualTimeScheduler(),
    };
    listsOf(() => of(list), context).subscribe((emitted) => seen.push(emitted));
    list.push({ host: 'b', port: 2 });
    for (const node of list) node.port = 3;
    expect(seen).toEqual([[{ host: 'a', port: 1 }]]);
  });

  test('may depend on observations and on signals', () => {
    const received: string[] = [];
    const group = startVirtualGroup({
      nodes: healthy,
      source: ({ observations$, signals$, scheduler }) => {
        observations$.subscribe(({ kind }) => received.push(`${kind} at ${scheduler.now()}`));
        signals$.subscribe(({ kind }) => received.push(kind));
        return of(endpoints(A));
      },
    });
    record(group);
    group.at(100, () => group.stream.emit('requested'));
    group.runTo(100);
    expect(received).toEqual(['answered at 0', 'requested', 'answered at 100']);
  });

  test('may have every node probed at once', () => {
    const group = startVirtualGroup({
      nodes: healthy,
      source: ({ probe, scheduler }) => {
        scheduler.schedule(() => probe?.(), 100);
        return concat(of(endpoints(A, B, C)), NEVER);
      },
    });
    record(group);
    group.runTo(100);
    expect([A, B, C].map((node) => group.probesOf(node, 10))).toEqual([[100], [100], [100]]);
  });
});

describe('subscribers', () => {
  test('receive the latest topology first, and the same ones from then on', () => {
    const group = startVirtualGroup({ nodes: healthy });
    const first = record(group);
    const second = record(group);
    group.runTo(600);
    const late = record(group);
    expect(late.values).toEqual([first.last()]);
    group.at(700, () => {
      group.change(A, faulty('REFUSED'));
      group.stream.emit('connection closed', A);
    });
    group.at(750, () => group.change(B, heir));
    group.runTo(900);
    expect(first.values.map(masterOf)).toContain(B);
    expect(second.values).toEqual(first.values);
    expect(late.values).toEqual(first.values.slice(-late.values.length));
    expect(late.values.length).toBeGreaterThan(2);
  });

  test('share one observer for each node', () => {
    const group = startVirtualGroup({ nodes: healthy });
    record(group);
    record(group);
    group.runTo(1000);
    expect(group.observers).toHaveLength(3);
  });

  test('may all unsubscribe: the nodes are still probed, and the next subscriber is up to date', () => {
    const group = startVirtualGroup({ nodes: healthy });
    const subscription = group.stream.topology$.subscribe();
    group.runTo(100);
    subscription.unsubscribe();
    group.at(200, () => group.change(A, faulty('REFUSED')));
    group.at(200, () => group.change(B, heir));
    group.runTo(1200);
    expect(record(group).last()).toMatchObject({ master: B });
    expect(group.observers).toHaveLength(3);
  });

  test('to observations receive each one after the topology has taken it into account', () => {
    const group = startVirtualGroup({ nodes: healthy });
    const { last } = record(group);
    const seen: string[] = [];
    group.stream.observed$.subscribe(({ endpoint, kind }) => {
      const node = last()?.nodes.find(({ address }) => address.host === endpoint.host);
      seen.push(`${kind} → ${node?.kind}`);
    });
    group.runTo(0);
    expect(seen).toEqual(['answered → contender', 'answered → replica', 'answered → replica']);
  });
});

describe('closed', () => {
  test('it completes, ends every observer, and probes no more', () => {
    const group = startVirtualGroup({ nodes: healthy });
    const { ends } = record(group);
    const observed: string[] = [];
    group.stream.observed$.subscribe({ complete: () => observed.push('complete') });
    group.runTo(600);
    group.stream.close();
    const probes = group.probes.length;
    group.stream.emit('requested');
    group.runTo(60_000);
    expect([ends, observed]).toEqual([['complete'], ['complete']]);
    expect(group.observers.slice(3).toSorted()).toEqual([`${A} ends`, `${B} ends`, `${C} ends`]);
    expect(group.probes).toHaveLength(probes);
  });

  test('it still replays the latest to a late subscriber, and completes', () => {
    const group = startVirtualGroup({ nodes: healthy });
    record(group);
    group.runTo(100);
    group.stream.close();
    const late = record(group);
    expect(late.kinds()).toEqual(['steady']);
    expect(late.ends).toEqual(['complete']);
  });

  test('before the first subscription, it never begins', () => {
    const group = startVirtualGroup({ nodes: healthy });
    group.stream.close();
    group.stream.close();
    const { values, ends } = record(group);
    group.runTo(1000);
    expect([values, ends, group.probes]).toEqual([[], ['complete'], []]);
  });
});
