import { expect, test } from 'vitest';
import { noLag, trackLag, type LagTrack } from '../../lib/metrics/lag.js';

type Answer = readonly [at: number, probed: string, offsets: Readonly<Record<string, number>> | undefined];

/** The track after these answers; `m` is the master. */
function after(answers: readonly Answer[], master = 'm', track: LagTrack = noLag): LagTrack {
  return answers.reduce(
    (known, [at, probed, offsets]) =>
      trackLag(
        known,
        { at, probed },
        offsets === undefined ? undefined : { master, offsets: new Map(Object.entries(offsets)) },
      ),
    track,
  );
}

const lagOf = (track: LagTrack, replica = 'r') => track.behindMs.get(replica);

test('a replica that has what its master has does not lag', () => {
  const track = after([
    [0, 'm', { m: 100, r: 100 }],
    [500, 'r', { m: 100, r: 100 }],
  ]);
  expect(lagOf(track)).toBe(0);
});

test('a replica lags since the master was first seen with more than it has', () => {
  const track = after([
    [0, 'm', { m: 100, r: 100 }],
    [1000, 'm', { m: 200, r: 100 }],
    [2000, 'm', { m: 300, r: 100 }],
    [4000, 'r', { m: 300, r: 100 }],
  ]);
  expect(lagOf(track)).toBe(3000);
});

test('a replica that catches up in part lags since what it lacks was written', () => {
  const track = after([
    [0, 'm', { m: 100 }],
    [1000, 'm', { m: 200 }],
    [2000, 'm', { m: 300 }],
    [4000, 'r', { m: 300, r: 250 }],
  ]);
  expect(lagOf(track)).toBe(2000);
});

test('an idle master makes no replica lag, however long it is idle', () => {
  const track = after([
    [0, 'm', { m: 100 }],
    [60_000, 'm', { m: 100 }],
    [60_100, 'r', { m: 100, r: 100 }],
  ]);
  expect(lagOf(track)).toBe(0);
});

test('each replica has a lag of its own, which stays until it is probed again', () => {
  const track = after([
    [0, 'm', { m: 100 }],
    [1000, 'm', { m: 200 }],
    [3000, 'r', { m: 200, r: 100, s: 200 }],
    [3100, 's', { m: 200, r: 100, s: 200 }],
  ]);
  expect([lagOf(track, 'r'), lagOf(track, 's')]).toEqual([2000, 0]);
});

test('a replica that is gone has no lag any more', () => {
  const lagging = after([
    [0, 'm', { m: 100, r: 50 }],
    [1000, 'r', { m: 100, r: 50 }],
  ]);
  expect(lagOf(lagging)).toBe(1000);
  expect(lagOf(after([[1100, 's', { m: 100, s: 100 }]], 'm', lagging))).toBeUndefined();
});

test('without a master there is no lag, and another master begins anew', () => {
  const lagging = after([
    [0, 'm', { m: 100, r: 50 }],
    [1000, 'r', { m: 100, r: 50 }],
  ]);
  expect(after([[1100, 'r', undefined]], 'm', lagging)).toEqual(noLag);
  const promoted = after([[1100, 's', { r: 50, s: 50 }]], 'r', lagging);
  expect([promoted.written, lagOf(promoted, 's')]).toEqual([[], 0]);
});

test('a master whose offset falls has lost writes, and makes no replica lag for them', () => {
  const track = after([
    [0, 'm', { m: 500 }],
    [1000, 'm', { m: 100 }],
    [2000, 'r', { m: 100, r: 100 }],
  ]);
  expect(lagOf(track)).toBe(0);
});

test('what is remembered of a master that writes without a pause has a limit', () => {
  const answers = Array.from({ length: 2000 }, (_none, index): Answer => [index * 100, 'm', { m: index }]);
  expect(after(answers).written).toHaveLength(600);
  const sweep = Array.from({ length: 2000 }, (_none, index): Answer => [index, 'm', { m: index }]);
  expect(after(sweep).written.length).toBeLessThanOrEqual(20);
});
