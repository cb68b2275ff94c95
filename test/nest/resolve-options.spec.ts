import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { resendPolicies } from '../../lib/connections/outcomes/resend.js';
import { laterSettings, ownedOptions } from '../../lib/connections/ioredis/redis-options.js';
import { findUnknown, redisRules } from '../../lib/connections/ioredis/redis-rules.js';
import { resolveOptions } from '../../lib/nest/resolve-options.js';
import { mergeSources } from '../../lib/sources/merge-sources.js';
import { staticNodes } from '../../lib/sources/static-nodes.js';
import { readPolicies } from '../../lib/topology/pick.js';

const source = staticNodes(['10.0.0.1:6379']);
/** Resolves options of any type, as plain JavaScript can pass them. */
const resolveAny = (options: unknown) => (): unknown => Reflect.apply(resolveOptions, undefined, [options]);
const withSource = (options: object) => resolveAny({ source, ...options });

test('only the source is required', () => {
  expect(resolveOptions({ source })).toStrictEqual({
    name: 'default',
    source,
    redis: {},
    readFrom: 'replicaPreferred',
    boot: 'background',
    hold: { timeoutMs: 10_000, maxCommands: 10_000, maxBytes: 64_000_000 },
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
  expect(resolveOptions(given, 'sessions')).toStrictEqual({
    ...given,
    name: 'sessions',
    hold: { timeoutMs: 0, maxCommands: 10_000, maxBytes: 64_000_000 },
  });
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
      'option "resend" is a string; allowed is "reads", "idempotent", "all" or a function',
    ],
    [
      'a requireMajority that is not a boolean',
      { source, requireMajority: 'yes' },
      'option "requireMajority" is a string; allowed is true or false',
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
      'option "source" is a string; allowed is staticNodes(…)',
    ],
    ['an unknown option', { source, readfrom: 'any' }, 'unknown option "readfrom"; did you mean "readFrom"?'],
    [
      'an option that resembles none',
      { source, nodes: [] },
      'unknown option "nodes"; allowed are source, cluster, redis, credentials, tls, readFrom, hold, resend, requireMajority, unproven, boot, bootTimeoutMs, pollIntervalMs, replyTimeoutMs, shutdownTimeoutMs, probeKey, minReplicas',
    ],
    [
      'credentials that are a value',
      { source, credentials: { password: 'secret' } },
      'option "credentials" is a value of type object; allowed is a function or an observable of credentials',
    ],
    [
      'two sources of credentials',
      { source, credentials: () => ({ password: 'secret' }), redis: { username: 'app', password: 'secret' } },
      'option "redis.password" is set, and so is "credentials"; allowed is one of them',
    ],
    [
      'an unknown option of hold',
      { source, hold: { timeout: 5 } },
      'unknown option "hold.timeout"; did you mean "timeoutMs"?',
    ],
    [
      'an option of hold that resembles none',
      { source, hold: { queue: 5 } },
      'unknown option "hold.queue"; allowed are timeoutMs, maxCommands, maxBytes',
    ],
    [
      'a source that is not called',
      { source: staticNodes },
      'option "source" is the function staticNodes itself; allowed is its result: staticNodes(…)',
    ],
    [
      'a merged source that is not called',
      { source: mergeSources },
      'option "source" is the function mergeSources itself; allowed is its result: mergeSources(…)',
    ],
    [
      'a boolean in a string',
      { source, requireMajority: 'false' },
      'option "requireMajority" is "false", a boolean in a string; allowed is true or false',
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
      'option "readFrom" is a string; allowed is "master", "replica", "replicaPreferred", "masterPreferred", "any"',
    ],
    [
      'an unknown boot',
      { source, boot: 'lazy' },
      'option "boot" is a string; allowed is "background", "required"',
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
      'option "hold.maxCommands" is "5", a number in a string; allowed is a whole number from 0',
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
        ['500', '"500", a number in a string'] as const,
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

  test('maintNotifications, except that they are disabled, which is always in effect', () => {
    expect(withSource({ redis: { maintNotifications: 'auto' } })).toThrow(
      'option "redis.maintNotifications" belongs',
    );
    expect(withSource({ redis: { maintNotifications: 'disabled' } })).not.toThrow();
  });

  test('maxRetriesPerRequest, except null, which is always in effect and which BullMQ requires', () => {
    expect(withSource({ redis: { maxRetriesPerRequest: 3 } })).toThrow(
      'option "redis.maxRetriesPerRequest" belongs',
    );
    expect(withSource({ redis: { maxRetriesPerRequest: null } })).not.toThrow();
    expect(withSource({ redis: { host: null } })).toThrow('option "redis.host" belongs to the library');
  });
});

test('all faults are named at once', () => {
  const options = {
    source,
    readfrom: 'any',
    pollIntervalMs: '500',
    hold: { maxCommands: -1 },
    redis: { db: Number.NaN, tls: true },
  };
  expect(withSource(options)).toThrow(
    new TypeError(
      [
        '',
        'unknown option "readfrom"; did you mean "readFrom"?',
        'option "redis.db" is NaN; allowed is a whole number from 0',
        'option "redis.tls" is true; allowed is an object with options of tls.connect(), such as {}',
        'option "hold.maxCommands" is -1; allowed is a whole number from 0',
        'option "pollIntervalMs" is "500", a number in a string; allowed is a number of milliseconds from 10 to 2147483647',
      ].join('\n- '),
    ),
  );
});

describe('an option of ioredis', () => {
  test.each<[object, string]>([
    [{ passwrd: 's3cret' }, 'unknown option "redis.passwrd"; did you mean "password"?'],
    [{ user: 's3cret' }, 'unknown option "redis.user"; did you mean "username"?'],
    [{ keyprefix: 'app:' }, 'unknown option "redis.keyprefix"; did you mean "keyPrefix"?'],
    [{ db: '1' }, 'option "redis.db" is "1", a number in a string; allowed is a whole number from 0'],
    [{ keyPrefix: 5 }, 'option "redis.keyPrefix" is 5; allowed is a string'],
    [{ commandTimeout: '100' }, 'option "redis.commandTimeout" is "100", a number in a string; allowed is'],
    [{ commandTimeout: 0 }, 'option "redis.commandTimeout" is 0; allowed is a number of milliseconds from 1'],
    [{ password: 123_456 }, 'option "redis.password" is a value of type number; allowed is a string'],
    [{ username: null }, 'option "redis.username" is null; allowed is a string'],
    [{ family: 5 }, 'option "redis.family" is 5; allowed is 0, 4, 6'],
    [{ protocol: '3' }, 'option "redis.protocol" is "3", a number in a string; allowed is 2, 3'],
    [
      { connectionName: 'my app' },
      'option "redis.connectionName" is a string with blanks; allowed is a string without',
    ],
    [{ lazyConnect: 'true' }, 'option "redis.lazyConnect" is "true", a boolean in a string; allowed is true'],
  ])('is refused: %j', (redis, message) => {
    expect(withSource({ redis })).toThrow(TypeError);
    expect(withSource({ redis })).toThrow(message);
    expect(withSource({ redis })).not.toThrow(/s3cret|123456/);
  });

  test('that is unknown and resembles none is passed on, and the log says so', () => {
    const redis = { ringBuffer: true, passwrd: 'x', db: 1, host: 'owned' };
    expect(withSource({ redis: { ringBuffer: true } })()).toMatchObject({ redis: { ringBuffer: true } });
    expect(findUnknown(redis)).toEqual(['redis.ringBuffer']);
  });

  test.each(['ioredis', 'ioredis-5', 'ioredis-5.4'])('is known if %s has it, and no other is', (version) => {
    const names = optionNames(version);
    const known = [...Object.keys(redisRules), ...Object.keys(ownedOptions)];
    expect(names.length).toBeGreaterThan(40);
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
    const isNewest = version === 'ioredis';
    const expected = [...names, ...Object.keys(laterSettings)];
    expect(known.filter((name) => isNewest && !expected.includes(name))).toEqual([]);
  });
});

/** The options in the types of a version of ioredis. */
function optionNames(version: string): readonly string[] {
  const file = fileURLToPath(new URL(`../../node_modules/${version}/built/index.d.ts`, import.meta.url));
  const program = ts.createProgram([file], { skipLibCheck: true, types: [] });
  const checker = program.getTypeChecker();
  const types = program.getSourceFile(file);
  const module = types && checker.getSymbolAtLocation(types);
  const symbol = module && checker.getExportsOfModule(module).find(({ name }) => name === 'RedisOptions');
  if (symbol === undefined) throw new Error(`${version} exports no RedisOptions`);
  const options = checker.getDeclaredTypeOfSymbol(checker.getAliasedSymbol(symbol));
  return checker.getPropertiesOfType(options).map(({ name }) => name);
}

test.each([
  ['redis', { redis: 'redis://app:s3cret@10.0.0.1:6379' }],
  ['source', { source: 'redis://app:s3cret@10.0.0.1:6379' }],
  ['readFrom', { readFrom: 'app:s3cret@10.0.0.1:6379' }],
  ['an owned option', { redis: { path: 's3cret', password: 's3cret' } }],
])('a credential in the wrong place, %s, does not appear in the error', (_, options) => {
  expect(withSource(options)).toThrow(TypeError);
  expect(withSource(options)).not.toThrow('s3cret');
});
