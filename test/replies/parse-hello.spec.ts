import { expect, test } from 'vitest';
import { parseHello } from '../../lib/replies/parse-hello.js';

const fields = { server: 'redis', version: '7.0.15', proto: 2, id: 7, mode: 'standalone', role: 'master' };
const standalone = { role: 'master', mode: 'standalone' };
const nothing = { role: undefined, mode: undefined, protocol: undefined };

test.each<[string, unknown, ReturnType<typeof parseHello>]>([
  ['RESP2, a flat array', Object.entries(fields).flat(), { ...standalone, protocol: '2' }],
  ['RESP3, a map', { ...fields, proto: 3, modules: [] }, { ...standalone, protocol: '3' }],
  [
    'a Valkey replica',
    ['server', 'valkey', 'role', 'replica', 'modules', []],
    { ...nothing, role: 'replica' },
  ],
  ['an array that ends in the middle', ['mode', 'cluster', 'role'], { ...nothing, mode: 'cluster' }],
  ['a map with a list where a text belongs', { role: ['master'], mode: { a: 1 } }, nothing],
  ['a simple string', 'OK', nothing],
  ['nothing', null, nothing],
])('HELLO in %s', (_, reply, expected) => {
  expect(parseHello(reply)).toEqual(expected);
});
