import { describe, expect, test } from 'vitest';
import { believeSubscribers, countSubscribers, estimateFleetSize } from '../../lib/fleet/fleet-size.js';
import { longestGapMs } from '../../lib/fleet/turns.js';

/** What a node may send in place of a number of clients. */
const nonsense: readonly unknown[] = [
  -1,
  -4e8,
  1.5,
  Number.NaN,
  Infinity,
  2 ** 31,
  2 ** 53,
  2n,
  '2147483648',
  '9007199254740992',
  '99999999999999999999',
  '-2',
  '1e3',
  ' 2',
  '0x10',
  '',
  'many',
  true,
  null,
  undefined,
  [2],
  { valueOf: () => 2 },
  new Map([['channel', 2]]),
];

describe('the number of subscribers', () => {
  test.each([
    [['channel', 7], 7],
    [['channel', '7'], 7],
    [['channel', 0], 0],
    [['channel', 4e8], 4e8],
  ])('is read from %j', (reply, subscribers) => {
    expect(countSubscribers(reply)).toBe(subscribers);
  });

  test.each([
    ...nonsense.map((value) => ['channel', value]),
    [],
    ['channel'],
    'channel',
    7,
    null,
    undefined,
    { 1: 7 },
    new Map([['channel', 7]]),
    [['channel', 7]],
  ])('is not read from nonsense: %#', (reply) => {
    expect(countSubscribers(reply)).toBeUndefined();
  });
});

describe('the size of a fleet that is counted', () => {
  test.each<[string, number | undefined, unknown, number]>([
    ['is the number of subscribers', 7, '30', 7],
    ['is one at least, this app', 0, '30', 1],
    ['is one at least, this app', 7, '1', 1],
    ['is half the number of clients at most, since each app has two connections', 400_000_000, '30', 15],
    ['is half the number of clients at most, also if listeners pretend to be apps', 2001, '2005', 1002],
    ['is what the clients allow where the number of subscribers is nonsense', undefined, '30', 15],
    ['is 2,000 at most where the node does not tell the number of clients', 400_000_000, undefined, 2000],
    ['is 2,000 where the node tells neither', undefined, undefined, 2000],
    ['is 10,000 at most, whatever the node tells', 400_000_000, '2147483647', 10_000],
  ])('%s: %#', (_, ...[subscribers, clients, size]) => {
    expect(believeSubscribers(subscribers, clients)).toEqual({ kind: 'counted', size });
  });

  test.each(nonsense)('is 2,000 at most where the number of clients is nonsense: %#', (clients) => {
    expect(believeSubscribers(400_000_000, clients)).toEqual({ kind: 'counted', size: 2000 });
  });
});

describe('the size of a fleet that is estimated', () => {
  test.each([
    ['0', 1],
    ['1', 1],
    ['90', 30],
    ['2147483647', 10_000],
  ])('is a third of the clients, from one to 10,000: %s', (clients, size) => {
    expect(estimateFleetSize(clients)).toEqual({ kind: 'estimated', size });
  });

  test.each(nonsense)('is unknown where the number of clients is nonsense: %#', (clients) => {
    expect(estimateFleetSize(clients)).toEqual({ kind: 'unknown' });
  });
});

test('whatever a node tells of its clients and subscribers, an app never waits longer than 1.25 s', () => {
  const told = [...nonsense, 0, 1, 2000, '4000', 4e8, '400000000', '2147483647'];
  for (const subscribers of told) {
    for (const clients of told) {
      const counted = believeSubscribers(countSubscribers(['channel', subscribers]), clients);
      for (const size of [counted, estimateFleetSize(clients)]) {
        expect(longestGapMs(size, { maxGapMs: 250 })).toBeGreaterThanOrEqual(250);
        expect(longestGapMs(size, { maxGapMs: 250 })).toBeLessThanOrEqual(1250);
      }
    }
  }
});
