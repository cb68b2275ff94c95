import { describe, expect, test } from 'vitest';
import { MOST_APPS, type FleetSize } from '../../lib/fleet/fleet-size.js';
import { nextGapMs, onSignal, onResolution, type Pace } from '../../lib/stream/pace.js';
import type { Observation } from '../../lib/topology/observation.js';
import { initialResolution, resolveTopology } from '../../lib/topology/resolve-topology.js';
import type { Signal } from '../../lib/topology/signal.js';
import { A, B, master, observe, pending, replica, faulty, type ProbeResult } from '../topology/reports.js';
import { seededRandom } from '../topology/seeded-random.js';

const cadence = { pollIntervalMs: 500, sweepGapMs: 5, sweepGapMaxMs: 250, denseMs: 10_000 };
const calm: Pace = { kind: 'calm' };
const closed: Signal = { kind: 'connection closed', endpoint: A, at: 1000 };
const sweeping: Pace = { kind: 'sweeping', signal: closed, denseUntil: 11_000, master: 'sought' };
const checking: Pace = { ...sweeping, master: 'known' };

function sees(saying: ProbeResult, at = 1000): Observation {
  const [observation] = observe({ at, results: { [A]: saying } });
  if (observation === undefined) throw new Error('No observation was made');
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
  const after = (pace: Pace, at: number, saw: Readonly<Record<string, ProbeResult>>) => {
    const observations = observe({ at, results: saw });
    return onResolution(pace, resolveTopology(initialResolution(0), observations), observations);
  };

  test('ends when there is a master and every node was probed since it began', () => {
    expect(after(sweeping, 1000, steady)).toEqual(calm);
  });

  test('ends although a node is unusable, if that was observed since it began', () => {
    expect(after(sweeping, 1001, { ...steady, [B]: faulty('REFUSED') })).toEqual(calm);
  });

  test.each([
    ['the last probe is older than the signal', 999, steady],
    ['there is no master', 1001, { [A]: faulty('REFUSED'), [B]: replica({ on: 'R1' }) }],
    ['the master is contested', 1001, { [A]: master({ on: 'R1' }), [B]: master({ on: 'R2' }) }],
    ['a node was never probed', 1001, { [A]: master({ on: 'R1' }), [B]: pending }],
  ])('goes on while %s', (_, at, saw) => {
    expect(after(sweeping, at, saw)).toMatchObject({ kind: 'sweeping', signal: closed });
  });

  test('records whether there is a master at present', () => {
    const masterless = { [A]: faulty('REFUSED'), [B]: replica({ on: 'R1' }) };
    expect(after(checking, 1001, masterless)).toEqual(sweeping);
    expect(after(sweeping, 1001, masterless)).toBe(sweeping);
    expect(after(sweeping, 999, steady)).toEqual(checking);
  });

  test('goes on while one of the nodes was probed only before it began', () => {
    const observations = [
      ...observe({ at: 1001, results: { [A]: master({ on: 'R1' }) } }),
      ...observe({ at: 1001, signal: { kind: 'poll', at: 999 }, results: { [B]: replica({ on: 'R1' }) } }),
    ];
    const resolution = resolveTopology(initialResolution(0), observations);
    expect(onResolution(sweeping, resolution, observations)).toEqual(checking);
  });

  test('that found another master goes on until replicas were probed once more', () => {
    const before = resolveTopology(initialResolution(0), observe({ at: 1, results: steady }));
    const handedOver = { [A]: replica({ on: 'R1' }), [B]: master({ on: 'R2/R1@1' }) };
    const found = observe({ at: 1001, results: handedOver });
    const resolution = resolveTopology(before, found);
    expect(onResolution(sweeping, resolution, found)).toEqual(checking);
    expect(onResolution(sweeping, resolution, observe({ at: 1002, results: handedOver }))).toEqual(calm);
    const gone = observe({ at: 1001, results: { ...handedOver, [A]: faulty('REFUSED') } });
    expect(onResolution(sweeping, resolveTopology(before, gone), gone)).toEqual(calm);
  });

  test('does not begin because of a topology', () => {
    expect(after(calm, 1, { [A]: faulty('REFUSED') })).toBe(calm);
  });
});

const alone: FleetSize = { kind: 'counted', size: 1 };
const some: FleetSize = { kind: 'counted', size: 20 };
const many: FleetSize = { kind: 'counted', size: 200 };
const estimated: FleetSize = { kind: 'estimated', size: 8 };
const unknown: FleetSize = { kind: 'unknown' };
const there = replica({ on: 'R1' });
const gone = faulty('REFUSED');

describe('the next probe of a node is due', () => {
  /** The sweep began at 1000. */
  test.each<
    [
      string,
      { pace?: Pace; fleetSize?: FleetSize; saying?: ProbeResult; now: number; random?: number },
      number,
    ]
  >([
    ['in calm', { pace: calm, now: 0, random: 0 }, 450],
    ['in calm', { pace: calm, now: 0 }, 500],
    ['in calm, of a node that is not there', { pace: calm, saying: gone, now: 0, random: 0.999 }, 549.9],
    ['in calm, whatever the fleet', { pace: calm, fleetSize: many, now: 0 }, 500],
    ['at the beginning of a sweep', { now: 1000 }, 1],
    ['in its first milliseconds', { now: 1003 }, 1],
    ['in its first milliseconds', { now: 1010 }, 2.5],
    ['in its first milliseconds, while there is a master', { pace: checking, now: 1003 }, 5],
    ['in its first milliseconds, in a fleet', { fleetSize: some, now: 1003 }, 100],
    ['in a dense sweep', { now: 1020 }, 5],
    ['in a dense sweep, until its last millisecond', { now: 10_999 }, 5],
    ['in a dense sweep, with jitter', { now: 1020, random: 0 }, 4.5],
    ['in a dense sweep, of a node that is not there', { saying: gone, now: 1001 }, 50],
    ['in a sweep no longer dense', { now: 11_000 }, 10],
    ['in a sweep no longer dense', { now: 13_500 }, 40],
    ['in a sweep no longer dense', { now: 60_000 }, 250],
    ['in a sweep no longer dense, of a node that is not there', { saying: gone, now: 60_000 }, 250],
    ['in a fleet, in turn', { fleetSize: some, now: 2000 }, 100],
    ['in a fleet, in turn, with jitter', { fleetSize: some, now: 2000, random: 0 }, 90],
    ['in a fleet, in turn, less often later', { fleetSize: some, now: 11_000 }, 200],
    ['in a fleet, in turn, less often later', { fleetSize: some, now: 60_000 }, 250],
    ['in a fleet, of a node that is not there', { fleetSize: some, saying: gone, now: 2000 }, 100],
    ['in a large fleet', { fleetSize: many, now: 2000 }, 250],
    ['in a large fleet, of a node that is not there', { fleetSize: many, saying: gone, now: 2000 }, 250],
    ['in a large fleet, while there is a master', { pace: checking, fleetSize: many, now: 2000 }, 250],
    ['in a huge fleet', { fleetSize: { kind: 'counted', size: 10_000 }, now: 2000 }, 1250],
    [
      'in a huge fleet, of a node that is not there',
      { fleetSize: { kind: 'counted', size: 10_000 }, saying: gone, now: 2000 },
      1250,
    ],
    ['in a fleet whose size is estimated', { fleetSize: estimated, now: 2000 }, 40],
    [
      'in a fleet whose size is estimated to be huge',
      { fleetSize: { kind: 'estimated', size: 500 }, now: 2000 },
      250,
    ],
    ['where the size of the fleet is unknown', { fleetSize: unknown, now: 1500 }, 20],
    ['where the size of the fleet is unknown, after a second', { fleetSize: unknown, now: 2000 }, 40],
    ['where the size of the fleet is unknown, after two', { fleetSize: unknown, now: 3000 }, 80],
    ['where the size of the fleet is unknown, after four', { fleetSize: unknown, now: 5000 }, 250],
  ])('%s: %#', (_, { pace = sweeping, fleetSize = alone, saying = there, now, random = 0.5 }, gapMs) => {
    expect(nextGapMs(pace, cadence, { last: sees(saying), fleetSize, now, random })).toBeCloseTo(gapMs, 6);
  });
});

const { below } = seededRandom(1);
const random = () => below(2 ** 20) / 2 ** 20;

describe('while a master is sought', () => {
  const gapOf = (size: number, saying = there, now = 2000) =>
    nextGapMs(sweeping, cadence, {
      last: sees(saying),
      fleetSize: { kind: 'counted', size },
      now,
      random: random(),
    });

  test.each([
    [1, 200],
    [2, 200],
    [7, 200],
    [40, 200],
    [200, 800],
    [2000, 8000],
    [10_000, 8000],
  ])('%i apps together probe a node %i times a second', (size, perSecond) => {
    const gaps = Array.from({ length: 2000 }, () => gapOf(size));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    expect((size * 1000) / mean).toBeGreaterThan(0.975 * perSecond);
    expect((size * 1000) / mean).toBeLessThan(1.025 * perSecond);
  });

  test('an app of a fleet of up to 2,000 probes at least every 250 ms, and no fleet more than 8,000 times a second', () => {
    for (let times = 0; times < 20_000; times++) {
      const size = 1 + below(times % 2 === 0 ? 2000 : MOST_APPS);
      const [saying, now] = [below(2) === 0 ? there : gone, 1000 + below(60_000)];
      const gapMs = gapOf(size, saying, now);
      expect(gapMs).toBeLessThanOrEqual(Math.max(250, size / 8));
      expect(size / gapMs).toBeLessThanOrEqual(8);
    }
  });
});

test('the time to the next poll is one that a timer can take, although jitter is added to the longest interval', () => {
  const moment = { last: sees(there), fleetSize: alone, now: 0, random: 0.999 };
  expect(nextGapMs(calm, { ...cadence, pollIntervalMs: 2 ** 31 - 1 }, moment)).toBe(2 ** 31 - 1);
});
