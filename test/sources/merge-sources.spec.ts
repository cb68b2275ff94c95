import { inspect } from 'node:util';
import { concat, NEVER, of, Subject, throwError, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { mergeSources } from '../../lib/sources/merge-sources.js';
import type { NodeSource, SourceNode } from '../../lib/sources/node-source.js';
import { staticNodes } from '../../lib/sources/static-nodes.js';
import { formatEndpoint, parseEndpoint } from '../../lib/topology/endpoint.js';
import type { LogLine } from '../../lib/topology/log-line.js';
import { textOf } from '../support/text-of.js';

/** The lists of a merged source, each with its time, and the notices, on a clock that the test moves. */
function run(...sources: readonly NodeSource[]) {
  const scheduler = new VirtualTimeScheduler();
  const lists: (readonly SourceNode[])[] = [];
  const times: number[] = [];
  const notices: string[] = [];
  const context = {
    observations$: NEVER,
    signals$: NEVER,
    seeking$: of(false),
    scheduler,
    notices: {
      raise: (topic: string, told: string | LogLine) => notices.push(`raise ${topic} | ${textOf(told)}`),
      end: (topic: string, told: string | LogLine) => notices.push(`end ${topic} | ${textOf(told)}`),
    },
  };
  const subscription = mergeSources(...sources)(context).subscribe((list) => {
    lists.push(list);
    times.push(scheduler.now());
  });
  return {
    lists,
    times,
    notices,
    subscription,
    names: () => (lists.at(-1) ?? []).map(formatEndpoint),
    raised: () => notices.filter((notice) => notice.startsWith('raise ')),
    at: (ms: number, happen: () => void) => scheduler.schedule(happen, ms - scheduler.now()),
    runTo: (ms: number) => {
      scheduler.maxFrames = ms;
      scheduler.flush();
    },
  };
}

const nodes = (...names: string[]) => names.map(parseEndpoint);

describe('the nodes of several sources', () => {
  test('are the union, in the order of the sources, each node once', () => {
    const { lists } = run(staticNodes(['b:1', 'a:1']), staticNodes(['c:1', 'a:1']));
    expect(lists).toEqual([nodes('b:1', 'a:1', 'c:1')]);
  });

  test('follow each of them: what one drops stays while another lists it', () => {
    const [first$, second$] = [new Subject<readonly SourceNode[]>(), new Subject<readonly SourceNode[]>()];
    const { names, lists } = run(
      () => first$,
      () => second$,
    );
    first$.next(nodes('a:1', 'b:1'));
    second$.next(nodes('b:1'));
    expect(names()).toEqual(['a:1', 'b:1']);
    first$.next(nodes('c:1'));
    expect(names()).toEqual(['c:1', 'b:1']);
    second$.next([]);
    expect(names()).toEqual(['c:1']);
    second$.next(nodes('c:1'));
    expect(lists).toHaveLength(3);
  });

  test('stay when one of them completes', () => {
    const list$ = new Subject<readonly SourceNode[]>();
    const { names } = run(
      () => of(nodes('a:1')),
      () => list$,
    );
    list$.next(nodes('b:1'));
    expect(names()).toEqual(['a:1', 'b:1']);
  });

  test('are asked no more after unsubscription', () => {
    const list$ = new Subject<readonly SourceNode[]>();
    const { subscription } = run(() => list$);
    subscription.unsubscribe();
    expect(list$.observed).toBe(false);
  });
});

describe('a node that several sources list', () => {
  const [node] = nodes('a:1');
  const listed = (...facts: readonly Partial<SourceNode>[]) =>
    run(...facts.map((each) => () => concat(of(node ? [{ ...node, ...each }] : []), NEVER))).lists;

  test('has each fact from the first source that states it', () => {
    expect(listed({ zone: 'x' }, { zone: 'y', tls: true, servername: 'name' })).toEqual([
      [{ ...node, zone: 'x', tls: true, servername: 'name' }],
    ]);
  });

  test('is the intended master if one of them says so', () => {
    expect(listed({}, { intended: 'master' }, {})).toEqual([[{ ...node, intended: 'master' }]]);
  });

  test('is a derived address only if no source knows better', () => {
    expect(listed({ derived: true }, { derived: true })).toEqual([[{ ...node, derived: true }]]);
    expect(listed({ derived: true }, {})).toEqual([[node]]);
    expect(listed({}, { derived: true })).toEqual([[node]]);
  });
});

test('a node that one source trusts is sent the credentials at once, although another would ask first', () => {
  const asking: NodeSource = () =>
    of(nodes('a:1', 'b:1').map((each) => ({ ...each, credentials: 'ask first' as const })));
  const { lists } = run(asking, staticNodes(['b:1']), asking);
  expect(lists.at(-1)?.map(({ credentials }) => credentials)).toEqual(['ask first', undefined]);
});

describe('the first list', () => {
  test('waits for the slowest source, so that the app does not start with a part of the group', () => {
    const slow$ = new Subject<readonly SourceNode[]>();
    const { at, runTo, times, lists } = run(staticNodes(['a:1']), () => slow$);
    at(1500, () => slow$.next(nodes('b:1')));
    runTo(10_000);
    expect(times).toEqual([1500]);
    expect(lists).toEqual([nodes('a:1', 'b:1')]);
  });

  test('waits for two seconds at most, and the slow source is added later', () => {
    const slow$ = new Subject<readonly SourceNode[]>();
    const { at, runTo, times, lists } = run(staticNodes(['a:1']), () => slow$);
    at(5000, () => slow$.next(nodes('b:1')));
    runTo(10_000);
    expect(times).toEqual([2000, 5000]);
    expect(lists).toEqual([nodes('a:1'), nodes('a:1', 'b:1')]);
  });

  test('comes from whichever source is the first, if all are slow', () => {
    const slow$ = new Subject<readonly SourceNode[]>();
    const { at, runTo, times } = run(
      () => NEVER,
      () => slow$,
    );
    at(3000, () => slow$.next(nodes('b:1')));
    runTo(10_000);
    expect(times).toEqual([3000]);
  });
});

describe('a source that fails', () => {
  const fail = () => throwError(() => new Error('no inventory'));

  test('stops no other, is named, and is called again after a second', () => {
    let calls = 0;
    const flaky: NodeSource = () => (++calls <= 3 ? fail() : concat(of(nodes('b:1')), NEVER));
    const { runTo, times, lists, raised, notices } = run(staticNodes(['a:1']), flaky);
    runTo(10_000);
    expect([times, lists]).toEqual([
      [2000, 3000],
      [nodes('a:1'), nodes('a:1', 'b:1')],
    ]);
    expect(new Set(raised())).toEqual(
      new Set(['raise source 2 of mergeSources | source 2 of mergeSources failed: no inventory']),
    );
    expect(notices.at(-1)).toBe('end source 2 of mergeSources | source 2 of mergeSources lists nodes again');
  });

  test('later keeps its last list meanwhile', () => {
    const list$ = new Subject<readonly SourceNode[]>();
    const answers = [list$, NEVER];
    const { names } = run(staticNodes(['a:1']), () => answers.shift() ?? NEVER);
    list$.next(nodes('b:1'));
    list$.error(new Error('gone'));
    expect(names()).toEqual(['a:1', 'b:1']);
  });

  test.each<[string, unknown, string]>([
    ['emits a malformed list', () => of([{ host: 'b' }]), '"port" of node 1 is undefined'],
    ['returns no observable', () => [], 'it returned an array; allowed is an Observable'],
  ])('because it %s is named, too', (_, source, fault) => {
    const merged: unknown = Reflect.apply(run, undefined, [staticNodes(['a:1']), source]);
    expect(inspect(merged)).toContain(`source 2 of mergeSources failed: ${fault}`);
  });
});

test('what a source tells operators is told apart from what another one tells them', () => {
  const telling: NodeSource = ({ notices }) => {
    notices?.raise('denied', 'access denied');
    notices?.end('denied', 'access granted');
    return NEVER;
  };
  expect(run(telling, telling).notices).toEqual([
    'raise source 1 of mergeSources: denied | access denied',
    'end source 1 of mergeSources: denied | access granted',
    'raise source 2 of mergeSources: denied | access denied',
    'end source 2 of mergeSources: denied | access granted',
  ]);
});

test.each<[string, readonly unknown[], string]>([
  ['no source', [], 'mergeSources: there is no source; name at least one'],
  [
    'a list of sources',
    [[staticNodes(['a:1'])]],
    'mergeSources: source 1 is an array; allowed is a function',
  ],
  [
    'a URL',
    [staticNodes(['a:1']), 'redis://:s3cret@a'],
    'mergeSources: source 2 is a URL; allowed is a function',
  ],
])('refuses %s at once', (_, sources, message) => {
  const build = (): unknown => Reflect.apply(mergeSources, undefined, sources);
  expect(build).toThrow(new TypeError(message));
});
