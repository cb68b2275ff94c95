import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { resolveOptions } from '../../lib/nest/resolve-options.js';
import { discoverNodes } from '../../lib/sources/discover-nodes.js';
import { primaryEndpoint } from '../../lib/sources/primary-endpoint.js';
import { staticNodes } from '../../lib/sources/static-nodes.js';
import { target } from '../fuzz/parse-options.fuzz.js';
import { seededRandom } from '../topology/seeded-random.js';

/** What people paste as the address of a server, with a password at any place. */
const pasted: readonly string[] = [
  'cache.example:6380,password=S3cret,ssl=True,abortConnect=False',
  'cache.example:6380,ssl=True,user=S3cret',
  'redis://app:S3cret',
  'redis://app:S3cret@cache.example:6379',
  'redis://:S3cret@cache.example:6379/0',
  'redis://cache.example:6379/0?password=S3cret',
  'redis://cache.example:6379#S3cret',
  'cache.example:6379:S3cret',
  'S3cret@cache.example:6379',
  'app:S3cret@cache.example:6379',
  '{"host":"cache.example","port":6379,"password":"S3cret"}',
  '[{"host":"cache.example","password":"S3cret"}]',
  'host=cache.example;port=6379;password=S3cret',
  'REDIS_PASSWORD=S3cret',
  'REDIS_URL=redis://app:S3cret@cache.example:6379',
  'redis-cli -h cache.example -a S3cret',
  'cache.example 6379 S3cret',
  'cache.example:6379\nS3cret',
  'S3cret',
  'S3cret:word',
  'valkey://app:S3cret@cache.example',
  'tcp://cache.example:6379?auth=S3cret',
  'sentinel://app:S3cret@cache.example/mymaster',
];

/** Each place where it may end up, and how the error names that place. */
const places: readonly (readonly [string, RegExp, (text: string) => unknown])[] = [
  [
    'a list of nodes',
    /node 2 is not an endpoint: its? .*; allowed are "host:port"/,
    (text) => staticNodes(['a:1', text]),
  ],
  ['seeds', /node 1 is not an endpoint: its? .*; allowed are "host:port"/, (text) => discoverNodes([text])],
  [
    'a name',
    /the name is not an endpoint: its? .*; allowed are "host:port"/,
    (text) => primaryEndpoint(text),
  ],
  [
    'the reader',
    /"reader" is not an endpoint: its? .*; allowed are/,
    (text) => primaryEndpoint('a:1', { reader: text }),
  ],
  [
    'the place of a list',
    /the list of nodes is a .*; allowed is a list/,
    (text) => resolve(staticNodes, [text]),
  ],
  ['the source', /option "source" is a .*; allowed is staticNodes/, (text) => resolveAny({ source: text })],
  ['redis', /option "redis" is a .*; allowed is an object/, (text) => resolveAny({ source, redis: text })],
  [
    'redis.db',
    /option "redis.db" is a .*; allowed is a whole number/,
    (text) => resolveAny({ source, redis: { db: text } }),
  ],
  [
    'tls',
    /option "redis.tls" is a .*; allowed is an object/,
    (text) => resolveAny({ source, redis: { tls: text } }),
  ],
  [
    'readFrom',
    /option "readFrom" is a .*; allowed is "master"/,
    (text) => resolveAny({ source, readFrom: text }),
  ],
  ['hold', /option "hold" is a .*; allowed is an object/, (text) => resolveAny({ source, hold: text })],
  [
    'a password',
    /option "redis.password" is a value of type object/,
    (text) => resolveAny({ source, redis: { password: { text } } }),
  ],
];
const source = staticNodes(['a:1']);

/** As from plain JavaScript, where no compiler has looked at it. */
const resolve = (build: (nodes: string[]) => unknown, args: unknown[]): unknown =>
  Reflect.apply(build, undefined, args);
const resolveAny = (options: unknown): unknown => Reflect.apply(resolveOptions, undefined, [options]);

function refusalOf(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return error;
  }
}

const cases = places.flatMap(([place, words, put]) => pasted.map((text) => ({ text, place, words, put })));
test.each(cases)(
  '$text as $place is refused with its place and what is allowed, and without the secret',
  ({ text, words, put }) => {
    const refusal = refusalOf(() => put(text));
    expect(refusal).toBeInstanceOf(TypeError);
    expect(String(refusal)).toMatch(words);
    expect(inspect(refusal)).not.toContain('S3cret');
  },
);

test.each([
  { 'host:6380,password=S3cret': true },
  { redis: { 'redis://app:S3cret@a': 1, password: ['S3cret'] } },
  { hold: { 'S3cret word': 1 } },
])('a text as the name of an option is not shown: %#', (options) => {
  const refusal = refusalOf(() => resolveAny({ source, ...options }));
  expect(refusal).toBeInstanceOf(TypeError);
  expect(inspect(refusal)).not.toContain('S3cret');
});

test('a node that is named twice is told by its host and port', () => {
  expect(() => staticNodes(['a:1', 'A:1'])).toThrow('staticNodes: "a:1" is named twice');
});

test('a secret at any place of any text is not shown', () => {
  const random = seededRandom(11);
  for (let round = 0; round < 5000; round++) expect(() => target.run(random)).not.toThrow();
});
