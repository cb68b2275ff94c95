import { expect, test } from 'vitest';
import { parseHello } from '../../lib/observers/parse-hello.js';

const fields = { server: 'redis', version: '7.0.15', proto: 2, id: 7, mode: 'standalone', role: 'master' };

test.each<[string, unknown, ReturnType<typeof parseHello>]>([
  ['RESP2, a flat array', Object.entries(fields).flat(), { role: 'master', mode: 'standalone' }],
  ['RESP3, a map', { ...fields, proto: 3, modules: [] }, { role: 'master', mode: 'standalone' }],
  [
    'a Valkey replica',
    ['server', 'valkey', 'role', 'replica', 'modules', []],
    { role: 'replica', mode: undefined },
  ],
  ['an array that ends in the middle', ['mode', 'cluster', 'role'], { role: 'undefined', mode: 'cluster' }],
  ['a simple string', 'OK', { role: undefined, mode: undefined }],
  ['nothing', null, { role: undefined, mode: undefined }],
])('HELLO in %s', (_, reply, expected) => {
  expect(parseHello(reply)).toEqual(expected);
});
