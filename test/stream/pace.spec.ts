import { describe, expect, test } from 'vitest';
import { nextGapMs, onSignal, onTopology, type Pace } from '../../lib/stream/pace.js';
import type { Observation } from '../../lib/topology/observation.js';
import { initialResolution, resolveTopology } from '../../lib/topology/resolve-topology.js';
import type { Signal } from '../../lib/topology/signal.js';
import { A, B, master, observe, pending, replica, silent, type Saying } from '../topology/sayings.js';

const cadence = { pollIntervalMs: 500, sweepGapMs: 5, sweepGapMaxMs: 250, denseMs: 10_000 };
const calm: Pace = { kind: 'calm' };
const closed: Signal = { kind: 'connection closed', endpoint: A, at: 1000 };
const sweeping: Pace = { kind: 'sweeping', signal: closed, denseUntil: 11_000 };

function sees(saying: Saying, at = 1000): Observation {
  const [observation] = observe({ at, saw: { [A]: saying } });
  if (observation === undefined) throw new Error('Nothing was seen');
  return observation;
}

describe('a signal', () => {
  test('begins a sweep that is dense for ten seconds', () => {
    expect(onSignal(calm, closed, cadence)).toEqual(sweeping);
  });

  test.each([
    ['early in a sweep changes nothing', 2000, 11_000],
    ['late in a sweep keeps it dense for one more second', 10_500, 11_500],
    ['in a sweep that is no longer dense makes it dense for a second', 60_000, 61_000],
  ])('%s', (_, at, denseUntil) => {
    const pace = onSignal(sweeping, { kind: 'unblocked', at }, cadence);
    expect(pace).toEqual({ kind: 'sweeping', signal: closed, denseUntil });
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
    expect(after(sweeping, at, saw)).toBe(sweeping);
  });

  test('goes on while one of the nodes was looked at before it began only', () => {
    const observations = [
      ...observe({ at: 1001, saw: { [A]: master({ on: 'R1' }) } }),
      ...observe({ at: 1001, signal: { kind: 'poll', at: 999 }, saw: { [B]: replica({ on: 'R1' }) } }),
    ];
    const { topology } = resolveTopology(initialResolution(0), observations);
    expect(onTopology(sweeping, topology, observations)).toBe(sweeping);
  });

  test('does not begin by a topology', () => {
    expect(after(calm, 1, { [A]: silent('REFUSED') })).toBe(calm);
  });
});

describe('the next look at a node is due', () => {
  test.each<[string, Pace, Saying, { now: number; random: number }, number]>([
    ['in calm', calm, replica({ on: 'R1' }), { now: 0, random: 0 }, 450],
    ['in calm', calm, replica({ on: 'R1' }), { now: 0, random: 0.5 }, 500],
    ['in calm', calm, silent('REFUSED'), { now: 0, random: 0.999 }, 549.9],
    ['in a dense sweep', sweeping, replica({ on: 'R1' }), { now: 1001, random: 0.5 }, 5],
    [
      'in a dense sweep, until its last millisecond',
      sweeping,
      replica({ on: 'R1' }),
      { now: 10_999, random: 1 },
      5,
    ],
    [
      'in a dense sweep, of a node that is not there',
      sweeping,
      silent('REFUSED'),
      { now: 1001, random: 0.5 },
      50,
    ],
    ['in a sweep no longer dense', sweeping, replica({ on: 'R1' }), { now: 11_000, random: 0 }, 187.5],
    ['in a sweep no longer dense', sweeping, silent('REFUSED'), { now: 60_000, random: 1 }, 250],
  ])('%s: %#', (_, ...[pace, saying, { now, random }, gapMs]) => {
    expect(nextGapMs(pace, cadence, { last: sees(saying), now, random })).toBeCloseTo(gapMs, 6);
  });
});
