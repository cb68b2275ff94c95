import { asyncScheduler, BehaviorSubject, of, Subject, Subscription } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { primaryEndpoint, type PrimaryEndpointOptions } from '../../lib/sources/primary-endpoint.js';
import { formatEndpoint, parseEndpoint, type Endpoint } from '../../lib/topology/endpoint.js';
import type { Observation } from '../../lib/topology/observation.js';
import type { SourceNode } from '../../lib/sources/node-source.js';
import type { Signal } from '../../lib/topology/signal.js';

const PRIMARY = 'primary.example';
const READER = 'reader.example';

let running = Subscription.EMPTY;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  running.unsubscribe();
  vi.useRealTimers();
});

interface Dns {
  [name: string]: readonly string[] | 'hangs' | 'fails';
}

/** A running source with a scripted DNS. */
async function resolve(dns: Dns, options: PrimaryEndpointOptions = {}) {
  const observations$ = new Subject<Observation>();
  const signals$ = new Subject<Signal>();
  const lists: (readonly SourceNode[])[] = [];
  const queries: string[] = [];
  const lookup = async (name: string): Promise<readonly string[]> => {
    queries.push(name);
    const answer = dns[name];
    if (answer === 'hangs') return new Promise(() => undefined);
    if (answer === 'fails' || answer === undefined) throw new Error(`getaddrinfo ENOTFOUND ${name}`);
    return answer;
  };
  const source = primaryEndpoint(`${PRIMARY}:6379`, { lookup, ...options });
  const seeking$ = new BehaviorSubject(false);
  running = source({ observations$, signals$, seeking$, scheduler: asyncScheduler }).subscribe((list) =>
    lists.push(list),
  );
  await vi.advanceTimersByTimeAsync(0);
  const at = () => Date.now();
  return {
    lists,
    queries,
    names: () => (lists.at(-1) ?? []).map(formatEndpoint),
    seek: (isSeeking: boolean) => seeking$.next(isSeeking),
    signal: () => signals$.next({ kind: 'connection closed', at: at() }),
    isSilent: (node: string) =>
      observations$.next({
        endpoint: parseEndpoint(node),
        at: at(),
        signal: { kind: 'poll', at: at() },
        kind: 'faulty',
        fault: 'REFUSED',
        message: 'refused',
      }),
    answers: (node: string) =>
      observations$.next({
        endpoint: parseEndpoint(node),
        at: at(),
        signal: { kind: 'poll', at: at() },
        kind: 'answered',
        report: { role: 'master', named: [] },
      }),
  };
}

describe('the addresses behind a name', () => {
  test('are the nodes, and certificates are verified against the name', async () => {
    const { lists } = await resolve({ [PRIMARY]: ['10.0.0.2', '10.0.0.1'] });
    expect(lists).toEqual([
      [
        { host: '10.0.0.1', port: 6379, servername: PRIMARY, derived: true, intended: 'master' },
        { host: '10.0.0.2', port: 6379, servername: PRIMARY, derived: true, intended: 'master' },
      ],
    ]);
  });

  test('are resolved every two seconds, and emitted when they change', async () => {
    const dns: Dns = { [PRIMARY]: ['10.0.0.1'] };
    const { lists, queries, names } = await resolve(dns);
    await vi.advanceTimersByTimeAsync(2000);
    expect([queries.length, lists.length]).toEqual([2, 1]);
    dns[PRIMARY] = ['10.0.0.2'];
    await vi.advanceTimersByTimeAsync(1999);
    expect(names()).toEqual(['10.0.0.1:6379']);
    await vi.advanceTimersByTimeAsync(1);
    expect(names()).toEqual(['10.0.0.2:6379', '10.0.0.1:6379']);
  });

  test('are resolved every resolveIntervalMs', async () => {
    const { queries } = await resolve({ [PRIMARY]: ['10.0.0.1'] }, { resolveIntervalMs: 500 });
    await vi.advanceTimersByTimeAsync(5000);
    expect(queries).toHaveLength(11);
  });

  test('are resolved every 250 ms while no master is known', async () => {
    const { queries, seek } = await resolve({ [PRIMARY]: ['10.0.0.1'] });
    await vi.advanceTimersByTimeAsync(1000);
    seek(true);
    await vi.advanceTimersByTimeAsync(1000);
    expect(queries).toHaveLength(1 + 5);
    seek(false);
    await vi.advanceTimersByTimeAsync(2100);
    expect(queries).toHaveLength(1 + 5 + 2);
  });

  test('that lags for 15 seconds are followed a quarter of a second after it has moved', async () => {
    const dns: Dns = { [PRIMARY]: ['10.0.0.1'] };
    const { names, seek, isSilent } = await resolve(dns);
    isSilent('10.0.0.1:6379');
    seek(true);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(names()).toEqual(['10.0.0.1:6379']);
    dns[PRIMARY] = ['10.0.0.2'];
    await vi.advanceTimersByTimeAsync(250);
    expect(names()).toContain('10.0.0.2:6379');
  });

  test('are the intended master while the primary name leads there, and are nodes only after that', async () => {
    const dns: Dns = { [PRIMARY]: ['10.0.0.1'], [READER]: ['10.0.0.1', '10.0.0.2'] };
    const { lists } = await resolve(dns, { reader: `${READER}:6379` });
    const intended = () =>
      (lists.at(-1) ?? []).flatMap((node) => (node.intended === 'master' ? formatEndpoint(node) : []));
    expect(intended()).toEqual(['10.0.0.1:6379']);
    dns[PRIMARY] = ['10.0.0.2'];
    await vi.advanceTimersByTimeAsync(2000);
    expect(intended()).toEqual(['10.0.0.2:6379']);
  });

  test('in another order are not emitted again', async () => {
    const dns: Dns = { [PRIMARY]: ['10.0.0.1', '10.0.0.2'] };
    const { lists } = await resolve(dns);
    dns[PRIMARY] = ['10.0.0.2', '10.0.0.1'];
    await vi.advanceTimersByTimeAsync(2000);
    expect(lists).toHaveLength(1);
  });

  test('include IPv6', async () => {
    const { names } = await resolve({ [PRIMARY]: ['2001:db8::1'] });
    expect(names()).toEqual(['[2001:db8::1]:6379']);
  });
});

describe('a time to live', () => {
  const withTtl = (...ttls: readonly number[]) => {
    const asked: number[] = [];
    return {
      asked,
      lookup: async () => {
        asked.push(Date.now());
        return ttls.map((ttl, index) => ({ address: `10.0.0.${index + 1}`, ttl }));
      },
    };
  };
  const gapsIn = (times: readonly number[]) => times.slice(1).map((at, index) => at - (times[index] ?? at));

  test('is over before the name is resolved again, the shortest of its addresses', async () => {
    const { lookup, asked } = withTtl(30, 15);
    await resolve({}, { lookup });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(gapsIn(asked)).toEqual([16_000, 16_000, 16_000]);
  });

  test('of a day counts as a minute', async () => {
    const { lookup, asked } = withTtl(86_400);
    await resolve({}, { lookup });
    await vi.advanceTimersByTimeAsync(130_000);
    expect(gapsIn(asked)).toEqual([60_000, 60_000]);
  });

  test.each([0, -1, Number.NaN])('of %d leaves the interval as it is', async (ttl) => {
    const { lookup, asked } = withTtl(ttl);
    await resolve({}, { lookup });
    await vi.advanceTimersByTimeAsync(6000);
    expect(gapsIn(asked)).toEqual([2000, 2000, 2000]);
  });

  test('delays nothing after a signal and while no master is known', async () => {
    const { lookup, asked } = withTtl(30);
    const { signal, seek } = await resolve({}, { lookup });
    await vi.advanceTimersByTimeAsync(1000);
    signal();
    await vi.advanceTimersByTimeAsync(1000);
    expect(gapsIn(asked)).toEqual([1000]);
    seek(true);
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked).toHaveLength(2 + 5);
  });
});

describe('an answer', () => {
  test('of a thousand addresses counts with its first 32', async () => {
    const { names } = await resolve({
      [PRIMARY]: Array.from({ length: 1000 }, (_none, at) => `10.0.${at >> 8}.${at & 255}`),
    });
    expect(names()).toHaveLength(32);
  });

  test('with what is no address counts without it', async () => {
    const { names } = await resolve({ [PRIMARY]: ['10.0.0.1', 'other.example', ''] });
    expect(names()).toEqual(['10.0.0.1:6379']);
  });

  test('that fails at once is one that fails', async () => {
    const lookup = () => {
      throw new Error('no resolver');
    };
    const { names } = await resolve({}, { lookup });
    expect(names()).toEqual([`${PRIMARY}:6379`]);
  });
});

describe('a signal', () => {
  test('makes the source resolve the name at once', async () => {
    const dns: Dns = { [PRIMARY]: ['10.0.0.1'] };
    const { signal, names } = await resolve(dns);
    await vi.advanceTimersByTimeAsync(500);
    dns[PRIMARY] = ['10.0.0.2'];
    signal();
    await vi.advanceTimersByTimeAsync(0);
    expect(names()).toContain('10.0.0.2:6379');
  });

  test('makes it resolve at most every 100 ms if there are many, and once more after the last', async () => {
    const dns: Dns = { [PRIMARY]: ['10.0.0.1'] };
    const { signal, queries, names } = await resolve(dns, { resolveIntervalMs: 60_000 });
    await vi.advanceTimersByTimeAsync(500);
    queries.length = 0;
    for (let ms = 0; ms < 250; ms++) {
      signal();
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(queries).toHaveLength(3);
    dns[PRIMARY] = ['10.0.0.2'];
    await vi.advanceTimersByTimeAsync(100);
    expect(queries).toHaveLength(4);
    expect(names()).toContain('10.0.0.2:6379');
  });
});

describe('an address that DNS no longer returns', () => {
  async function moved() {
    const dns: Dns = { [PRIMARY]: ['10.0.0.1'] };
    const source = await resolve(dns);
    dns[PRIMARY] = ['10.0.0.2'];
    await vi.advanceTimersByTimeAsync(2000);
    return { dns, ...source };
  }

  test('stays a node while it answers, because DNS lags behind the servers in both directions', async () => {
    const { answers, names } = await moved();
    answers('10.0.0.1:6379');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(names()).toEqual(['10.0.0.2:6379', '10.0.0.1:6379']);
  });

  test('is removed once it fails a probe', async () => {
    const { isSilent, names } = await moved();
    isSilent('10.0.0.1:6379');
    expect(names()).toEqual(['10.0.0.2:6379']);
  });

  test('comes back when DNS returns it again', async () => {
    const { dns, isSilent, names } = await moved();
    isSilent('10.0.0.1:6379');
    dns[PRIMARY] = ['10.0.0.1'];
    await vi.advanceTimersByTimeAsync(2000);
    expect(names()).toEqual(['10.0.0.1:6379', '10.0.0.2:6379']);
  });

  test('is kept if it is among the 32 latest', async () => {
    const dns: Dns = { [PRIMARY]: ['10.0.0.0'] };
    const { names } = await resolve(dns);
    for (let last = 1; last <= 50; last++) {
      dns[PRIMARY] = [`10.0.0.${last}`];
      await vi.advanceTimersByTimeAsync(2000);
    }
    expect(names()).toHaveLength(33);
    expect(names()).toContain('10.0.0.18:6379');
    expect(names()).not.toContain('10.0.0.17:6379');
  });
});

test('an unreachable address stays while DNS returns it', async () => {
  const { isSilent, names } = await resolve({ [PRIMARY]: ['10.0.0.1'] });
  isSilent('10.0.0.1:6379');
  expect(names()).toEqual(['10.0.0.1:6379']);
});

describe('a name that does not resolve', () => {
  test('is a node itself until it resolves, so that its fault is visible', async () => {
    const dns: Dns = { [PRIMARY]: 'fails' };
    const { lists, names } = await resolve(dns);
    expect(lists).toEqual([[{ host: PRIMARY, port: 6379 }]]);
    dns[PRIMARY] = ['10.0.0.1'];
    await vi.advanceTimersByTimeAsync(2000);
    expect(names()).toEqual(['10.0.0.1:6379']);
  });

  test('any more keeps its last addresses', async () => {
    const dns: Dns = { [PRIMARY]: ['10.0.0.1'] };
    const { lists } = await resolve(dns);
    dns[PRIMARY] = 'fails';
    await vi.advanceTimersByTimeAsync(4000);
    dns[PRIMARY] = [];
    await vi.advanceTimersByTimeAsync(4000);
    expect(lists).toHaveLength(1);
  });

  test('is queried again after five seconds if the resolver does not answer, one query at a time', async () => {
    const { queries } = await resolve({ [PRIMARY]: 'hangs' });
    await vi.advanceTimersByTimeAsync(4_900);
    expect(queries).toEqual([PRIMARY]);
    await vi.advanceTimersByTimeAsync(2_100);
    expect(queries).toEqual([PRIMARY, PRIMARY]);
  });
});

describe('a reader endpoint', () => {
  test('adds the addresses of the replicas', async () => {
    const dns: Dns = { [PRIMARY]: ['10.0.0.1'], [READER]: ['10.0.0.2', '10.0.0.3'] };
    const { lists } = await resolve(dns, { reader: `${READER}:6379` });
    expect(lists).toEqual([
      [
        { host: '10.0.0.1', port: 6379, servername: PRIMARY, derived: true, intended: 'master' },
        { host: '10.0.0.2', port: 6379, servername: READER, derived: true },
        { host: '10.0.0.3', port: 6379, servername: READER, derived: true },
      ],
    ]);
  });

  test('that resolves to the master adds nothing', async () => {
    const dns: Dns = { [PRIMARY]: ['10.0.0.1'], [READER]: ['10.0.0.1'] };
    const { names } = await resolve(dns, { reader: `${READER}:6379` });
    expect(names()).toEqual(['10.0.0.1:6379']);
  });
});

test('an IP address is used without DNS', async () => {
  const lists: (readonly Endpoint[])[] = [];
  const lookup = vi.fn<(name: string) => Promise<readonly string[]>>();
  const context = { observations$: new Subject<Observation>(), signals$: new Subject<Signal>() };
  running = primaryEndpoint('rediss://10.0.0.1:6380', { lookup, reader: '[::1]:6380' })({
    ...context,
    seeking$: of(false),
    scheduler: asyncScheduler,
  }).subscribe((list) => lists.push(list));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(lists).toEqual([
    [
      { host: '10.0.0.1', port: 6380, tls: true },
      { host: '::1', port: 6380 },
    ],
  ]);
  expect(lookup).not.toHaveBeenCalled();
});

test('sends no more queries after unsubscription', async () => {
  const { queries, signal } = await resolve({ [PRIMARY]: ['10.0.0.1'] });
  running.unsubscribe();
  signal();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(queries).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});

describe('the call throws at once', () => {
  test.each<[string, string, object, string]>([
    [
      'a Unix socket',
      'unix:/run/redis.sock',
      {},
      'primaryEndpoint: the name is a Unix socket; allowed is one by TCP',
    ],
    ['a malformed primary', 'primary', {}, 'primaryEndpoint: the name is not an endpoint: it has no port'],
    [
      'a malformed reader',
      'p:1',
      { reader: 'r' },
      'primaryEndpoint: option "reader" is not an endpoint: it has no port',
    ],
    [
      'an unknown option',
      'p:1',
      { resolveInterval: 5 },
      'primaryEndpoint: unknown option "resolveInterval"; did you mean "resolveIntervalMs"?',
    ],
    [
      'a lookup that is no function',
      'p:1',
      { lookup: 'dns' },
      'primaryEndpoint: option "lookup" is a string; allowed is a function',
    ],
    ...[99, -1, 0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31].map(
      (value): [string, string, object, string] => [
        `an interval of ${value} ms`,
        'p:1',
        { resolveIntervalMs: value },
        `primaryEndpoint: option "resolveIntervalMs" is ${value}; allowed is a number of milliseconds from 100 to 2147483647`,
      ],
    ),
    [
      'an interval that is a string',
      'p:1',
      { resolveIntervalMs: '500' },
      'primaryEndpoint: option "resolveIntervalMs" is "500", a number in a string; allowed is a number of milliseconds from 100',
    ],
  ])('for %s', (_, ...[primary, options, message]) => {
    const build = () => primaryEndpoint(primary, options);
    expect(build).toThrow(TypeError);
    expect(build).toThrow(message);
  });
});

test.each([
  [4, ['127.0.0.1']],
  [6, ['::1']],
])('with the option family %i only such addresses of a name are nodes', async (family, expected) => {
  vi.useRealTimers();
  const found = new Promise<readonly SourceNode[]>((next, error) => {
    running = primaryEndpoint('localhost:6379')({
      observations$: new Subject<Observation>(),
      signals$: new Subject<Signal>(),
      seeking$: of(false),
      family,
      scheduler: asyncScheduler,
    }).subscribe({ next, error });
  });
  const hosts = (await found).map(({ host }) => host);
  // A machine without IPv6 has no such address for the name.
  expect(hosts).toEqual(hosts.includes('localhost') ? ['localhost'] : expected);
});

test('a second name in place of the options is refused with what it looks like and the options there are', () => {
  const build = (): unknown => Reflect.apply(primaryEndpoint, undefined, ['p:1', 'r:1']);
  expect(build).toThrow(
    new TypeError(
      'primaryEndpoint: option "options" is a string with ":"; allowed is an object with reader, resolveIntervalMs, lookup',
    ),
  );
});
