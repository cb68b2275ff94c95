import { describe, expect, test } from 'vitest';
import type { Crowd } from '../../lib/fleet/fleet-size.js';
import { delayAfter, nextGapMs, onSignal, onTopology, type Pace } from '../../lib/stream/pace.js';
import { parseEndpoint } from '../../lib/topology/endpoint.js';
import type { Observation } from '../../lib/topology/observation.js';
import { initialResolution, resolveTopology } from '../../lib/topology/resolve-topology.js';
import type { Signal } from '../../lib/topology/signal.js';
import { A, B, master, observe, pending, replica, silent, type Saying } from '../topology/reports.js';
import { seededRandom } from '../topology/seeded-random.js';

const cadence = { pollIntervalMs: 500, sweepGapMs: 5, sweepGapMaxMs: 250, denseMs: 10_000 };
const calm: Pace = { kind: 'calm' };
const closed: Signal = { kind: 'connection closed', endpoint: A, at: 1000 };
const sweeping: Pace = { kind: 'sweeping', signal: closed, denseUntil: 11_000, master: 'sought' };
const checking: Pace = { ...sweeping, master: 'known' };

function sees(saying: Saying, at = 1000): Observation {
  const [observation] = observe({ at, saw: { [A]: saying } });
  if (observation === undefined) throw new Error('Nothing was seen');
  return observation;
}

describe('a signal', () => {
  test('begins a sweep that is dense for ten seconds', () => {
    expect(onSignal(calm, closed, cadence)).toEqual(checking);
  });

  test.each([
    ['early in a sweep changes nothing', 2000, 11_000],
    ['late in a sweep keeps it dense for one more second', 10_500, 11_500],
    ['in a sweep that is no longer dense makes it dense for a second', 60_000, 61_000],
  ])('%s', (_, at, denseUntil) => {
    const pace = onSignal(sweeping, { kind: 'unblocked', at }, cadence);
    expect(pace).toEqual({ ...sweeping, denseUntil });
  });
});

describe('a sweep', () => {
  const steady = { [A]: master({ on: 'R1' }), [B]: replica({ on: 'R1' }) };
  const after = (pace: Pace, at: number, saw: Readonly<Record<string, Saying>>) => {
    const observations = observe({ at, saw });
    return onTopology(pace, resolveTopology(initialResolution(0), observations).topology, observations);
  };

  test('ends when there is a master and every node was looked at since it began', () => {
    expect(after(sweeping, 1000, steady)).toEqual(calm);
  });

  test('ends although a node is unusable, once that was found out since it began', () => {
    expect(after(sweeping, 1001, { ...steady, [B]: silent('REFUSED') })).toEqual(calm);
  });

  test.each([
    ['the last look is older than the signal', 999, steady],
    ['there is no master', 1001, { [A]: silent('REFUSED'), [B]: replica({ on: 'R1' }) }],
    ['nobody knows who is master', 1001, { [A]: master({ on: 'R1' }), [B]: master({ on: 'R2' }) }],
    ['a node was never looked at', 1001, { [A]: master({ on: 'R1' }), [B]: pending }],
  ])('goes on while %s', (_, at, saw) => {
    expect(after(sweeping, at, saw)).toMatchObject({ kind: 'sweeping', signal: closed });
  });

  test('knows whether there is a master meanwhile', () => {
    const masterless = { [A]: silent('REFUSED'), [B]: replica({ on: 'R1' }) };
    expect(after(checking, 1001, masterless)).toEqual(sweeping);
    expect(after(sweeping, 1001, masterless)).toBe(sweeping);
    expect(after(sweeping, 999, steady)).toEqual(checking);
  });

  test('goes on while one of the nodes was looked at before it began only', () => {
    const observations = [
      ...observe({ at: 1001, saw: { [A]: master({ on: 'R1' }) } }),
      ...observe({ at: 1001, signal: { kind: 'poll', at: 999 }, saw: { [B]: replica({ on: 'R1' }) } }),
    ];
    const { topology } = resolveTopology(initialResolution(0), observations);
    expect(onTopology(sweeping, topology, observations)).toEqual(checking);
  });

  test('that found another master goes on until replicas were looked at once more', () => {
    const before = resolveTopology(initialResolution(0), observe({ at: 1, saw: steady }));
    const handedOver = { [A]: replica({ on: 'R1' }), [B]: master({ on: 'R2/R1@1' }) };
    const found = observe({ at: 1001, saw: handedOver });
    const { topology } = resolveTopology(before, found);
    expect(onTopology(sweeping, topology, found)).toEqual(checking);
    expect(onTopology(sweeping, topology, observe({ at: 1002, saw: handedOver }))).toEqual(calm);
    const gone = observe({ at: 1001, saw: { ...handedOver, [A]: silent('REFUSED') } });
    expect(onTopology(sweeping, resolveTopology(before, gone).topology, gone)).toEqual(calm);
  });

  test('does not begin by a topology', () => {
    expect(after(calm, 1, { [A]: silent('REFUSED') })).toBe(calm);
  });
});

const alone: Crowd = { kind: 'counted', size: 1 };
const many: Crowd = { kind: 'counted', size: 200 };
const guessed: Crowd = { kind: 'guessed', size: 8 };
const unknown: Crowd = { kind: 'unknown' };
const there = replica({ on: 'R1' });
const gone = silent('REFUSED');

describe('the next look at a node is due', () => {
  /** The sweep began at 1000. */
  test.each<[string, { pace?: Pace; crowd?: Crowd; saying?: Saying; now: number; random?: number }, number]>([
    ['in calm', { pace: calm, now: 0, random: 0 }, 450],
    ['in calm', { pace: calm, now: 0 }, 500],
    ['in calm, of a node that is not there', { pace: calm, saying: gone, now: 0, random: 0.999 }, 549.9],
    ['in calm, whoever else is there', { pace: calm, crowd: many, now: 0 }, 500],
    ['at the beginning of a sweep', { now: 1000 }, 1],
    ['in its first milliseconds', { now: 1003 }, 1],
    ['in its first milliseconds', { now: 1010 }, 2.5],
    ['in its first milliseconds, while there is a master', { pace: checking, now: 1003 }, 5],
    ['in its first milliseconds, in a fleet', { crowd: many, now: 1003 }, 1000],
    ['in a dense sweep', { now: 1020 }, 5],
    ['in a dense sweep, until its last millisecond', { now: 10_999 }, 5],
    ['in a dense sweep, with jitter', { now: 1020, random: 0 }, 4.5],
    ['in a dense sweep, of a node that is not there', { saying: gone, now: 1001 }, 50],
    ['in a sweep no longer dense', { now: 11_000 }, 10],
    ['in a sweep no longer dense', { now: 13_500 }, 40],
    ['in a sweep no longer dense', { now: 60_000 }, 250],
    ['in a sweep no longer dense, of a node that is not there', { saying: gone, now: 60_000 }, 250],
    ['in a fleet, in turn', { crowd: many, now: 2000 }, 1000],
    ['in a fleet, in turn, also later', { crowd: many, now: 60_000 }, 1000],
    ['in a fleet, of a node that is not there', { crowd: many, saying: gone, now: 2000 }, 1000],
    ['in a huge fleet', { crowd: { kind: 'counted', size: 10_000 }, now: 2000 }, 50_000],
    [
      'in a huge fleet, of a node that is not there',
      { crowd: { kind: 'counted', size: 10_000 }, saying: gone, now: 2000 },
      1000,
    ],
    ['in a fleet that is only guessed', { crowd: guessed, now: 2000 }, 40],
    ['in a fleet that is only guessed to be huge', { crowd: { kind: 'guessed', size: 500 }, now: 2000 }, 250],
    ['where nobody knows how many there are', { crowd: unknown, now: 1500 }, 20],
    ['where nobody knows how many there are, after a second', { crowd: unknown, now: 2000 }, 40],
    ['where nobody knows how many there are, after two', { crowd: unknown, now: 3000 }, 80],
    ['where nobody knows how many there are, after four', { crowd: unknown, now: 5000 }, 250],
  ])('%s: %#', (_, { pace = sweeping, crowd = alone, saying = there, now, random = 0.5 }, gapMs) => {
    expect(nextGapMs(pace, cadence, { last: sees(saying), crowd, now, random })).toBeCloseTo(gapMs, 6);
  });
});

describe('a signal has a node looked at', () => {
  const endpoint = parseEndpoint(B);
  const delay = (signal: Signal, crowd: Crowd, random: number) =>
    delayAfter(signal, { endpoint, crowd, random }, cadence);

  test.each<[string, Signal, Crowd, number]>([
    ['that gave it', { ...closed, endpoint: B }, many, 0.9],
    ['whom it does not concern, where the app is alone', closed, alone, 0.999],
    ['whom it does not concern, where the app hears no other', closed, guessed, 0.9],
    ['whom it does not concern, where the lot fell on this app', closed, many, 0.004],
    ['if somebody asks for it', { kind: 'requested', at: 1000 }, many, 0.9],
    [
      'if another app has found something and told it there',
      { kind: 'announced', endpoint: B, at: 1000 },
      many,
      0.9,
    ],
    [
      'if another app has found something, where this one is alone',
      { kind: 'announced', at: 1000 },
      alone,
      0.9,
    ],
  ])('at once: one %s', (_, ...[signal, crowd, random]) => {
    expect(delay(signal, crowd, random)).toBe(0);
  });

  test.each([
    ['another node closed a connection', closed, 0.5, 500],
    ['another node closed a connection', closed, 0.999, 999],
    ['a poll saw the master go', { kind: 'poll', at: 1000 } as const, 0.25, 250],
    [
      'another app has told something on another node',
      { kind: 'announced', endpoint: A, at: 1000 } as const,
      0.25,
      250,
    ],
    ['the server told all who watch it', { kind: 'unblocked', endpoint: B, at: 1000 } as const, 0.25, 250],
  ])('in the turn of the app in its fleet, if %s', (_, ...[signal, random, delayMs]) => {
    expect(delay(signal, many, random)).toBeCloseTo(delayMs, 6);
  });
});

describe('together the apps of a fleet of any size', () => {
  const { below } = seededRandom(1);
  const random = () => below(2 ** 20) / 2 ** 20;

  test.each([1, 2, 7, 200, 10_000])('of %i ask a node 200 times a second in a sweep', (size) => {
    const gaps = Array.from({ length: 2000 }, () =>
      nextGapMs(sweeping, cadence, {
        last: sees(there),
        crowd: { kind: 'counted', size },
        now: 2000,
        random: random(),
      }),
    );
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    expect((size * 1000) / mean).toBeGreaterThan(195);
    expect((size * 1000) / mean).toBeLessThan(205);
  });

  test.each([2, 7, 200, 10_000])('of %i send one at once to a node that gave no signal', (size) => {
    const rounds = 200_000;
    const crowd: Crowd = { kind: 'counted', size };
    let atOnce = 0;
    for (let round = 0; round < rounds; round++) {
      const delayMs = delayAfter(closed, { endpoint: parseEndpoint(B), crowd, random: random() }, cadence);
      atOnce += delayMs === 0 ? 1 : 0;
    }
    expect((atOnce / rounds) * size).toBeGreaterThan(0.5);
    expect((atOnce / rounds) * size).toBeLessThan(1.5);
  });
});
