import { Command } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { hashTagFor, isInRanges, keyIn, slotOf, SLOT_COUNT } from '../../lib/cluster/slots.js';

describe('the slot of a key', () => {
  test.each([
    // As a server answers CLUSTER KEYSLOT.
    ['123456789', 12_739],
    ['foo', 12_182],
    ['{user1000}.following', 3443],
    ['foo{}{bar}', 8363],
    ['', 0],
  ])('%j', (key, slot) => {
    expect(slotOf(key)).toBe(slot);
  });

  test.each(['{user1000}.following', 'foo{{bar}}zap', 'foo{bar}{zap}', 'naïve{ключ}', '{', '}{', 'a{b'])(
    'is the one that ioredis computes: %j',
    (key) => {
      expect(slotOf(key)).toBe(new Command('get', [key]).getSlot());
    },
  );
});

test('a key is made that is in the slots of a shard, however few they are', () => {
  const shards = [
    [{ first: 0, last: 5460 }],
    [{ first: 16_383, last: 16_383 }],
    [
      { first: 7, last: 7 },
      { first: 9000, last: 9001 },
    ],
  ];
  for (const slots of shards) {
    expect(isInRanges(slotOf(keyIn(slots, 'app:probe')), slots)).toBe(true);
  }
});

test('a hash tag in the prefix of the keys does not lead the key elsewhere', () => {
  const slots = [{ first: 0, last: 100 }];
  expect(isInRanges(slotOf(keyIn(slots, '{app}:probe')), slots)).toBe(true);
  expect(keyIn(slots, '{app}:probe')).toMatch(/\{app\}:probe$/);
});

test('a shard without slots has no hash tag', () => {
  expect(hashTagFor([])).toBeUndefined();
  expect(SLOT_COUNT).toBe(16_384);
});
