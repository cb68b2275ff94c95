import { elastiCacheNodes, type ElastiCacheNodesOptions } from 'nestjs-redis-replication/elasticache';
import { BehaviorSubject, NEVER, Subject, VirtualTimeScheduler } from 'rxjs';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Notices } from '../../lib/notices/notices.js';
import type { SourceNode } from '../../lib/sources/node-source.js';
import { formatEndpoint } from '../../lib/topology/endpoint.js';
import type { Signal } from '../../lib/topology/signal.js';
import { textOf } from '../support/text-of.js';
import {
  startElastiCacheApi,
  type ApiAnswer,
  type ApiGroup,
  type ElastiCacheApi,
} from '../support/elasticache-api.js';

const ID = 'my-group';
const [HOST_1, HOST_2, HOST_3] = ['001', '002', '003'].map(
  (number) => `my-group-${number}.xxxxih.0001.usw2.cache.amazonaws.com`,
);

let api: ElastiCacheApi;

beforeEach(async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  api = await startElastiCacheApi();
  onTestFinished(() => api.stop());
});

afterEach(() => {
  vi.restoreAllMocks();
});

const member = (host = '', role: 'primary' | 'replica' = 'replica', zone = 'us-west-2a') => ({
  endpoint: { host, port: 6379 },
  role,
  zone,
});
const lists = (...groups: readonly ApiGroup[]): ApiAnswer => ({ kind: 'groups', groups });
const pair = lists({ id: ID, shards: [[member(HOST_1, 'primary'), member(HOST_2)]] });

/** A running source on a clock that the test moves. The calls of the SDK and the API are real. */
async function start(options: Partial<ElastiCacheNodesOptions> = {}) {
  const sent = vi.spyOn(api.client, 'send');
  const scheduler = new VirtualTimeScheduler();
  const signals$ = new Subject<Signal>();
  const seeking$ = new BehaviorSubject(true);
  const emitted: (readonly SourceNode[])[] = [];
  const notices: string[] = [];
  const times: number[] = [];
  const source = elastiCacheNodes({ replicationGroupId: ID, client: api.client, ...options });
  const noticed = new Notices(({ text }) => notices.push(text));
  const running = source({
    observations$: NEVER,
    signals$,
    seeking$,
    scheduler,
    notices: {
      raise: (topic, told) =>
        noticed.raise(topic, { code: 'RR300', level: 'warn', text: textOf(told), facts: {} }),
      end: (topic, told) =>
        noticed.end(topic, { code: 'RR301', level: 'log', text: textOf(told), facts: {} }),
    },
  }).subscribe((list) => emitted.push(list));
  onTestFinished(() => running.unsubscribe());
  /** Waits until no call is under way. */
  const settle = async () => {
    let known = -1;
    while (known < sent.mock.results.length) {
      known = sent.mock.results.length;
      await Promise.allSettled(sent.mock.results.map(({ value }): unknown => value));
      await new Promise((next) => setImmediate(next));
    }
    times.push(...sent.mock.results.slice(times.length).map(() => scheduler.now()));
  };
  const flushTo = (ms: number) => {
    scheduler.maxFrames = ms;
    scheduler.flush();
    scheduler.frame = ms;
  };
  await settle();
  return {
    emitted,
    notices,
    running,
    settle,
    flushTo,
    /** When each call was made. */
    times,
    names: () => (emitted.at(-1) ?? []).map(formatEndpoint),
    signal: (kind: Signal['kind'] = 'connection closed') => signals$.next({ kind, at: scheduler.now() }),
    seek: (isSeeking: boolean) => seeking$.next(isSeeking),
    /** Moves the clock from one timer to the next, because calls take no time by it. */
    runTo: async (ms: number) => {
      while (scheduler.now() < ms) {
        flushTo(Math.min(ms, ...scheduler.actions.map(({ delay }) => delay)));
        await settle();
      }
    },
  };
}

describe('the nodes', () => {
  test('are the members with an endpoint, each with its zone, and the primary is the intended master', async () => {
    const creating = { role: 'replica', zone: 'us-west-2c' } as const;
    const shard = [member(HOST_1, 'replica'), member(HOST_2, 'primary', 'us-west-2b'), creating];
    api.answer(lists({ id: ID, status: 'modifying', shards: [shard] }));
    const { emitted, notices } = await start();
    expect(emitted).toEqual([
      [
        { host: HOST_1, port: 6379, zone: 'us-west-2a' },
        { host: HOST_2, port: 6379, zone: 'us-west-2b', intended: 'master' },
      ],
    ]);
    expect(notices).toEqual([]);
    expect(api.calls.map((call) => call.get('ReplicationGroupId'))).toEqual([ID]);
  });

  test('use TLS where the group encrypts in transit', async () => {
    api.answer(lists({ id: ID, transitEncryption: true, shards: [[member(HOST_1, 'primary')]] }));
    const { emitted } = await start();
    expect(emitted).toMatchObject([[{ host: HOST_1, tls: true }]]);
  });

  test('are found on any page, also if the name is written in capital letters', async () => {
    const pages: Readonly<Record<string, ApiAnswer>> = {
      '': { kind: 'groups', groups: [{ id: 'other' }], marker: 'second' },
      second: { kind: 'groups', groups: [], marker: 'third' },
      third: pair,
    };
    api.answer((call) => pages[call.get('Marker') ?? ''] ?? lists());
    const { names } = await start({ replicationGroupId: 'My-Group' });
    expect(names()).toEqual([`${HOST_1}:6379`, `${HOST_2}:6379`]);
    expect(api.calls.map((call) => call.get('Marker'))).toEqual([null, 'second', 'third']);
  });

  test('that are added and removed follow, and a list that is the same is not emitted again', async () => {
    api.answer(pair);
    const { runTo, names, emitted } = await start();
    await runTo(70_000);
    expect([api.calls.length, emitted.length]).toEqual([2, 1]);
    api.answer(lists({ id: ID, shards: [[member(HOST_2, 'primary'), member(HOST_3)]] }));
    await runTo(130_000);
    expect(names()).toEqual([`${HOST_2}:6379`, `${HOST_3}:6379`]);
    expect(emitted.at(-1)).toMatchObject([{ intended: 'master' }, {}]);
  });
});

describe('the API is asked', () => {
  beforeEach(() => api.answer(pair));

  test('once a minute while nothing happens, within 10 % of jitter', async () => {
    const { runTo, times } = await start();
    await runTo(200_000);
    expect(times).toEqual([0, 60_000, 120_000, 180_000]);
    vi.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(0.999);
    await runTo(370_000);
    expect(times.slice(4).map(Math.round)).toEqual([240_000, 294_000, 359_988]);
  });

  test('every refreshIntervalMs', async () => {
    const { runTo, times } = await start({ refreshIntervalMs: 600_000 });
    await runTo(1_300_000);
    expect(times).toEqual([0, 600_000, 1_200_000]);
  });

  test('at once after a signal, and then in gaps that double until it is calm again', async () => {
    const { runTo, times, signal } = await start();
    await runTo(30_000);
    signal();
    await runTo(300_000);
    const since = times.slice(1).map((at) => at - 30_000);
    expect(since).toEqual([0, 5000, 15_000, 35_000, 75_000, 135_000, 195_000, 255_000]);
  });

  test('five seconds after the last call at the earliest', async () => {
    const { runTo, times, signal } = await start();
    await runTo(2000);
    signal();
    await runTo(4999);
    expect(times).toEqual([0]);
    await runTo(5000);
    expect(times).toEqual([0, 5000]);
  });

  test('no more often because of a node that is down for hours and gives a signal every second', async () => {
    const { runTo, times, signal } = await start();
    for (let at = 10_000; at < 3_600_000; at += 1000) {
      await runTo(at);
      signal('connection failed');
    }
    expect(times.length).toBeLessThan(70);
  }, 60_000);

  test('at once when the master is lost, also while other signals go on', async () => {
    const { runTo, times, signal, seek } = await start();
    seek(false);
    for (let at = 10_000; at < 300_000; at += 10_000) {
      await runTo(at);
      signal('connection failed');
    }
    const before = times.length;
    await runTo(302_000);
    expect(times).toHaveLength(before);
    seek(true);
    await runTo(306_000);
    expect(times.slice(before)).toEqual([302_000]);
  });

  test('never twice at a time, and no more after unsubscription', async () => {
    const { flushTo, running, signal, settle } = await start();
    api.answer({ kind: 'never' });
    flushTo(10_000);
    signal();
    flushTo(10_000);
    await vi.waitUntil(() => api.calls.length === 2);
    flushTo(20_000);
    signal();
    flushTo(20_000);
    running.unsubscribe();
    await settle();
    flushTo(600_000);
    await settle();
    expect(api.calls).toHaveLength(2);
  });
});

describe('an error', () => {
  const failure = (code: string, status: number, message: string): ApiAnswer => ({
    kind: 'error',
    code,
    status,
    message,
  });
  const throttled = failure('Throttling', 400, 'Rate exceeded');

  test.each<[string, ApiAnswer, string]>([
    ['throttled', throttled, 'Throttling: Rate exceeded'],
    [
      'denied',
      failure(
        'AccessDenied',
        403,
        'User: app is not authorized to perform: elasticache:DescribeReplicationGroups',
      ),
      'AccessDenied: User: app is not authorized to perform: elasticache:DescribeReplicationGroups',
    ],
    [
      'a group that does not exist',
      failure('ReplicationGroupNotFoundFault', 404, 'ReplicationGroup my-group not found.'),
      'ReplicationGroupNotFoundFault: ReplicationGroup my-group not found.',
    ],
    ['no group in the answer', lists({ id: 'another' }), 'the API lists no replication group my-group'],
    [
      'cluster mode on',
      lists({ id: ID, clusterEnabled: true, shards: [[{ zone: 'us-west-2a' }]] }),
      'ClusterModeEnabled: cluster mode is on (1 shards)',
    ],
    ['several shards', lists({ id: ID, shards: [[member(HOST_1)], [member(HOST_2)]] }), 'ClusterModeEnabled'],
    ['no endpoint yet', lists({ id: ID, status: 'creating' }), 'no node has an endpoint (status creating)'],
    ['a lost connection', { kind: 'hangs up' }, 'socket hang up'],
    [
      'a failure of the service',
      failure('InternalFailure', 500, 'Internal error'),
      'InternalFailure: Internal error',
    ],
  ])('such as %s is named, and the nodes already known stay', async (_, answer, text) => {
    api.answer(pair);
    const { runTo, notices, emitted } = await start();
    api.answer(answer);
    await runTo(61_000);
    expect(notices).toEqual([expect.stringContaining(text)]);
    expect(notices[0]).toMatch(/^elastiCacheNodes: group my-group: .*; the nodes already known stay in use$/);
    expect(emitted).toHaveLength(1);
  });

  test('of the network is named by its code', async () => {
    const { client } = api;
    await api.stop();
    api = await startElastiCacheApi();
    const { notices } = await start({ client });
    expect(notices).toEqual([expect.stringContaining('ECONNREFUSED')]);
  });

  test('is told once, and its end; each kind for itself', async () => {
    api.answer(throttled);
    const { runTo, notices, names } = await start();
    await runTo(100_000);
    expect(notices).toHaveLength(1);
    api.answer(failure('AccessDenied', 403, 'denied'));
    await runTo(300_000);
    expect(notices).toHaveLength(2);
    api.answer(pair);
    await runTo(600_000);
    expect(notices.slice(2)).toEqual([
      'elastiCacheNodes: group my-group: the API answers again, after Throttling',
      'elastiCacheNodes: group my-group: the API answers again, after AccessDenied',
    ]);
    expect(names()).toHaveLength(2);
    api.answer(throttled);
    await runTo(700_000);
    expect(notices).toHaveLength(5);
  });

  test('makes the next call wait twice as long each time, up to five minutes, whatever signals there are', async () => {
    api.answer(throttled);
    const { runTo, times, signal } = await start();
    for (let at = 0; at < 1_200_000; at += 10_000) {
      await runTo(at);
      signal();
    }
    const waits = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(waits).toEqual([7500, 15_000, 30_000, 60_000, 120_000, 225_000, 225_000, 225_000, 225_000]);
  });

  test('that shows the signed request with its session token is cut after the first line', async () => {
    const message =
      'The request signature we calculated does not match the signature you provided.\n\n' +
      'The Canonical String for this request should have been\nx-amz-security-token:the-session-token';
    api.answer(failure('SignatureDoesNotMatch', 403, message));
    const { notices } = await start();
    expect(notices).toEqual([
      expect.stringContaining('SignatureDoesNotMatch: The request signature we calculated'),
    ]);
    expect(notices.join()).not.toContain('the-session-token');
  });

  test('is also a call that is not answered within 15 seconds, which is given up', async () => {
    api.answer(pair);
    const { flushTo, settle, notices } = await start();
    api.answer({ kind: 'never' });
    flushTo(60_000);
    await vi.waitUntil(() => api.calls.length === 2);
    flushTo(74_999);
    expect(notices).toEqual([]);
    flushTo(75_000);
    await settle();
    expect(notices).toEqual([
      expect.stringContaining('TimeoutError: the API did not answer within 15000 ms'),
    ]);
  });

  test('is also an API whose pages never end', async () => {
    api.answer({ kind: 'groups', groups: [], marker: 'more' });
    const { notices } = await start();
    expect(api.calls).toHaveLength(10);
    expect(notices).toEqual([expect.stringContaining('the API lists no replication group my-group')]);
  });
});

test.each<[string, unknown, string]>([
  [
    'no options',
    undefined,
    'option "options" is undefined; allowed is an object with replicationGroupId, client',
  ],
  ['no group', { client: { send: () => undefined } }, 'option "replicationGroupId" is undefined'],
  [
    'an empty group',
    { replicationGroupId: '', client: { send: () => undefined } },
    'allowed is a non-empty string',
  ],
  [
    'no client',
    { replicationGroupId: ID },
    'option "client" is undefined; allowed is an ElastiCacheClient of @aws-sdk/client-elasticache',
  ],
  ['a client of another kind', { replicationGroupId: ID, client: {} }, 'allowed is an ElastiCacheClient'],
  [
    'an interval that is too short',
    { replicationGroupId: ID, client: { send: () => undefined }, refreshIntervalMs: 4999 },
    'option "refreshIntervalMs" is 4999; allowed is a number of milliseconds from 5000',
  ],
  [
    'a typo',
    { replicationGroupID: ID },
    'unknown option "replicationGroupID"; did you mean "replicationGroupId"?',
  ],
])('refuses %s at once', (_, options, message) => {
  const build = (): unknown => Reflect.apply(elastiCacheNodes, undefined, [options]);
  expect(build).toThrow(TypeError);
  expect(build).toThrow(/^elastiCacheNodes: /);
  expect(build).toThrow(message);
});
