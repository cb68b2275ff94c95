import { expect, test } from 'vitest';
import { parseRole } from '../../lib/replies/parse-role.js';

const slave = (state: string, offset: number) => ['slave', '10.0.0.1', 6379, state, offset];

test.each<[string, unknown, ReturnType<typeof parseRole>]>([
  ['a master without replicas', ['master', 0, []], { role: 'master', offset: 0, named: [] }],
  [
    'a master with replicas',
    ['master', 1516, [['10.0.0.2', '6380', '1500']]],
    { role: 'master', offset: 1516, named: [] },
  ],
  ['a connected replica', slave('connected', 1516), { role: 'replica', offset: 1516, link: 'up', named: [] }],
  ['a replica in full sync', slave('sync', -1), { role: 'replica', offset: -1, link: 'syncing', named: [] }],
  [
    'a replica without its master',
    slave('connect', 7),
    { role: 'replica', offset: 7, link: 'down', named: [] },
  ],
  [
    'a replica that connects',
    slave('connecting', 7),
    { role: 'replica', offset: 7, link: 'down', named: [] },
  ],
  [
    'a replica in the handshake',
    slave('handshake', 7),
    { role: 'replica', offset: 7, link: 'down', named: [] },
  ],
  ['a master without an offset', ['master', 'many'], { role: 'master', named: [] }],
  [
    'a replica with lists where numbers belong',
    ['slave', [], [], [], []],
    { role: 'replica', link: 'down', named: [] },
  ],
  ['a Sentinel', ['sentinel', ['mymaster']], undefined],
  ['an empty array', [], undefined],
  ['a string', 'master', undefined],
])('ROLE of %s', (_, reply, expected) => {
  expect(parseRole(reply)).toEqual(expected);
});
