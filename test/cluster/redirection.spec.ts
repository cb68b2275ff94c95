import { describe, expect, test } from 'vitest';
import { isDown, readRedirection, redirectionDelayMs } from '../../lib/cluster/redirection.js';

describe('an error reply', () => {
  test.each([
    ['MOVED 3999 127.0.0.1:6381', { kind: 'moved', slot: 3999, to: { host: '127.0.0.1', port: 6381 } }],
    ['ASK 0 redis-1.example:6381', { kind: 'ask', slot: 0, to: { host: 'redis-1.example', port: 6381 } }],
    [
      'MOVED 16383 2001:db8::1:6381',
      { kind: 'moved', slot: 16_383, to: { host: '2001:db8::1', port: 6381 } },
    ],
    ['MOVED 3999 :6381', { kind: 'moved', slot: 3999, to: undefined }],
    ['TRYAGAIN Multiple keys request during rehashing of slot', { kind: 'later' }],
    ['CLUSTERDOWN Hash slot not served', { kind: 'later' }],
    ['MOVED 16384 127.0.0.1:6381', undefined],
    ['MOVED __proto__ 127.0.0.1:6381', undefined],
    ['MOVED -1 127.0.0.1:6381', undefined],
    ['MOVED', undefined],
    ['ERR unknown command', undefined],
    ['CROSSSLOT Keys in request do not hash to the same slot', undefined],
  ])('%s', (message, redirection) => {
    expect(readRedirection(message)).toEqual(redirection);
  });
});

test('a node that serves nothing is told from a slot that nobody serves', () => {
  expect(isDown('CLUSTERDOWN The cluster is down')).toBe(true);
  expect(isDown('CLUSTERDOWN The cluster is down and only accepts read commands')).toBe(true);
  expect(isDown('CLUSTERDOWN Hash slot not served')).toBe(false);
});

test('the first redirections are followed at once, and later ones less and less often', () => {
  const moved = readRedirection('MOVED 1 127.0.0.1:1') ?? { kind: 'later' as const };
  expect([1, 2, 3, 4, 20].map((count) => redirectionDelayMs(moved, count))).toEqual([0, 0, 2, 4, 50]);
  expect([1, 2, 20].map((count) => redirectionDelayMs({ kind: 'later' }, count))).toEqual([2, 4, 50]);
});
