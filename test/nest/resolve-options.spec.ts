import { describe, expect, test } from 'vitest';
import { resendPolicies } from '../../lib/connections/outcomes/resend.js';
import { ownedOptions } from '../../lib/connections/ioredis/redis-options.js';
import { resolveOptions } from '../../lib/nest/resolve-options.js';
import { staticNodes } from '../../lib/sources/static-nodes.js';
import { readPolicies } from '../../lib/topology/pick.js';

const source = staticNodes(['10.0.0.1:6379']);
/** Resolves options of any type, as plain JavaScript can pass them. */
const resolveAny = (options: unknown) => (): unknown => Reflect.apply(resolveOptions, undefined, [options]);
const withSource = (options: object) => resolveAny({ source, ...options });

test('only the source is required', () => {
  expect(resolveOptions({ source })).toStrictEqual({
    source,
    redis: {},
    readFrom: 'replicaPreferred',
    boot: 'background',
    hold: { timeoutMs: 10_000, maxCommands: 10_000 },
    resend: 'reads',
    requireMajority: false,
    unproven: { acceptAfterMs: 30_000 },
    bootTimeoutMs: 10_000,
    pollIntervalMs: 500,
    replyTimeoutMs: 250,
    shutdownTimeoutMs: 2000,
    probeKey: 'nestjs-redis-replication:probe',
    minReplicas: 0,
  });
});

test('given options are kept, and the others have their defaults', () => {
  const redis = { username: 'app', password: 's3cret', db: 2, keyPrefix: 'app:', maxRetriesPerRequest: null };
  const given = {
    source,
    redis,
    readFrom: 'any',
    boot: 'required',
    hold: { timeoutMs: 0 },
    resend: () => true,
    requireMajority: true,
    unproven: { acceptAfterMs: false },
    bootTimeoutMs: 1,
    pollIntervalMs: 10,
    replyTimeoutMs: 10,
    shutdownTimeoutMs: 0,
    probeKey: 'app:probe',
    minReplicas: 2,
  } as const;
  expect(resolveOptions(given)).toStrictEqual({ ...given, hold: { timeoutMs: 0, maxCommands: 10_000 } });
});

test('undefined is the same as absent', () => {
  const nothing = {
    redis: undefined,
    readFrom: undefined,
    hold: undefined,
    probeKey: undefined,
    minReplicas: undefined,
  };
  expect(withSource(nothing)()).toStrictEqual(resolveOptions({ source }));
  expect(withSource({ redis: { host: undefined } })).not.toThrow();
});

test.each(readPolicies)('readFrom may be %s', (readFrom) => {
  expect(resolveOptions({ source, readFrom }).readFrom).toBe(readFrom);
});

test.each(resendPolicies)('resend may be %s', (resend) => {
  expect(resolveOptions({ source, resend }).resend).toBe(resend);
});

test('the longest duration a timer can have is allowed', () => {
  expect(resolveOptions({ source, bootTimeoutMs: 2 ** 31 - 1 }).bootTimeoutMs).toBe(2_147_483_647);
});

describe('refused with the option, its value and the allowed values:', () => {
  test.each<[string, unknown, string]>([
    ['no options', undefined, 'option "options" is undefined; allowed is an object'],
    ['options that are null', null, 'option "options" is null; allowed is an object'],
    [
      'an unknown resend policy',
      { source, resend: 'writes' },
      'option "resend" is "writes"; allowed is "reads", "idempotent", "all" or a function',
    ],
    [
      'a requireMajority that is not a boolean',
      { source, requireMajority: 'yes' },
      'option "requireMajority" is "yes"; allowed is true or false',
    ],
    ['options that are a list', [], 'option "options" is an array; allowed is an object'],
    [
      'no source',
      {},
      'option "source" is undefined; allowed is staticNodes(…), discoverNodes(…), primaryEndpoint(…) or a NodeSource of your own',
    ],
    [
      'a source that is a list',
      { source: ['10.0.0.1:6379'] },
      'option "source" is an array; allowed is staticNodes(…)',
    ],
    [
      'a source that is a name',
      { source: '10.0.0.1' },
      'option "source" is "10.0.0.1"; allowed is staticNodes(…)',
    ],
    [
      'an unknown option',
      { source, readfrom: 'any' },
      'unknown option "readfrom"; allowed are source, redis, readFrom, hold, resend, requireMajority, unproven, boot, bootTimeoutMs, pollIntervalMs, replyTimeoutMs, shutdownTimeoutMs, probeKey, minReplicas',
    ],
    [
      'an unknown option of hold',
      { source, hold: { timeout: 5 } },
      'unknown option "hold.timeout"; allowed are timeoutMs, maxCommands',
    ],
    [
      'an unknown option of unproven',
      { source, unproven: { after: 5 } },
      'unknown option "unproven.after"; allowed are acceptAfterMs',
    ],
    [
      'an unproven that is false',
      { source, unproven: false },
      'option "unproven" is false; allowed is an object',
    ],
    [
      'an acceptAfterMs that is true',
      { source, unproven: { acceptAfterMs: true } },
      'option "unproven.acceptAfterMs" is true; allowed is a number of milliseconds from 0 to 2147483647, or false',
    ],
    ['redis that is not an object', { source, redis: 6379 }, 'option "redis" is 6379; allowed is an object'],
    ['redis that is null', { source, redis: null }, 'option "redis" is null; allowed is an object'],
    ['hold that is a number', { source, hold: 5000 }, 'option "hold" is 5000; allowed is an object'],
    [
      'an unknown readFrom',
      { source, readFrom: 'slave' },
      'option "readFrom" is "slave"; allowed is "master", "replica", "replicaPreferred", "masterPreferred", "any"',
    ],
    [
      'an unknown boot',
      { source, boot: 'lazy' },
      'option "boot" is "lazy"; allowed is "background", "required"',
    ],
    ['a boot that is not a string', { source, boot: true }, 'option "boot" is true; allowed is "background"'],
    [
      'an empty probe key',
      { source, probeKey: '' },
      'option "probeKey" is ""; allowed is a non-empty string',
    ],
    [
      'a probe key that is a number',
      { source, probeKey: 1 },
      'option "probeKey" is 1; allowed is a non-empty string',
    ],
    [
      'a fractional minReplicas',
      { source, minReplicas: 0.5 },
      'option "minReplicas" is 0.5; allowed is a whole number from 0',
    ],
    [
      'a negative minReplicas',
      { source, minReplicas: -1 },
      'option "minReplicas" is -1; allowed is a whole number from 0',
    ],
    [
      'an infinite maxCommands',
      { source, hold: { maxCommands: Number.POSITIVE_INFINITY } },
      'option "hold.maxCommands" is Infinity; allowed is a whole number from 0',
    ],
    [
      'a maxCommands that is a string',
      { source, hold: { maxCommands: '5' } },
      'option "hold.maxCommands" is "5"; allowed is a whole number from 0',
    ],
  ])('%s', (_, options, message) => {
    expect(resolveAny(options)).toThrow(TypeError);
    expect(resolveAny(options)).toThrow(message);
  });

  const durations = [
    ['hold.timeoutMs', 0, (value: unknown) => ({ hold: { timeoutMs: value } })],
    ['unproven.acceptAfterMs', 0, (value: unknown) => ({ unproven: { acceptAfterMs: value } })],
    ['bootTimeoutMs', 1, (value: unknown) => ({ bootTimeoutMs: value })],
    ['pollIntervalMs', 10, (value: unknown) => ({ pollIntervalMs: value })],
    ['replyTimeoutMs', 10, (value: unknown) => ({ replyTimeoutMs: value })],
    ['shutdownTimeoutMs', 0, (value: unknown) => ({ shutdownTimeoutMs: value })],
  ] as const;

  test.each(
    durations.flatMap(([name, least, build]) =>
      [
        [least - 1, String(least - 1)] as const,
        [-1000, '-1000'] as const,
        [Number.NaN, 'NaN'] as const,
        [Number.POSITIVE_INFINITY, 'Infinity'] as const,
        [2 ** 31, '2147483648'] as const,
        ['500', '"500"'] as const,
        [null, 'null'] as const,
        [{}, 'a value of type object'] as const,
      ].map(([value, shown]) => [name, shown, { least, options: build(value) }] as const),
    ),
  )('%s of %s', (name, shown, { least, options }) => {
    expect(withSource(options)).toThrow(
      new TypeError(
        `option "${name}" is ${shown}; allowed is a number of milliseconds from ${least} to 2147483647` +
          (name === 'unproven.acceptAfterMs' ? ', or false' : ''),
      ),
    );
  });
});

describe('an option of ioredis that the library owns is refused with the reason:', () => {
  test.each(Object.entries(ownedOptions))('%s: %s', (name, reason) => {
    expect(reason.length).toBeGreaterThan(10);
    expect(withSource({ redis: { [name]: 'anything' } })).toThrow(
      new TypeError(`option "redis.${name}" belongs to the library: ${reason}`),
    );
  });

  test('maxRetriesPerRequest, except null, which is always in effect and which BullMQ requires', () => {
    expect(withSource({ redis: { maxRetriesPerRequest: 3 } })).toThrow(
      'option "redis.maxRetriesPerRequest" belongs',
    );
    expect(withSource({ redis: { maxRetriesPerRequest: null } })).not.toThrow();
    expect(withSource({ redis: { host: null } })).toThrow('option "redis.host" belongs to the library');
  });
});

test.each([
  ['redis', { redis: 'redis://app:s3cret@10.0.0.1:6379' }],
  ['source', { source: 'redis://app:s3cret@10.0.0.1:6379' }],
  ['readFrom', { readFrom: 'app:s3cret@10.0.0.1:6379' }],
  ['an owned option', { redis: { path: 's3cret', password: 's3cret' } }],
])('a credential in the wrong place, %s, does not appear in the error', (_, options) => {
  expect(withSource(options)).toThrow(TypeError);
  expect(withSource(options)).not.toThrow('s3cret');
});
