import { describe, expect, test } from 'vitest';
import { MOST_APPS, type FleetSize } from '../../lib/fleet/fleet-size.js';
import { delayAfter, isChosen, newsGapMs, spreadMs } from '../../lib/fleet/turns.js';
import { parseEndpoint } from '../../lib/topology/endpoint.js';
import type { Signal } from '../../lib/topology/signal.js';
import { A, B } from '../topology/reports.js';
import { seededRandom } from '../topology/seeded-random.js';

const sharing = { gapMs: 5, maxGapMs: 250 };
const closed: Signal = { kind: 'connection closed', endpoint: A, at: 1000 };
const alone: FleetSize = { kind: 'counted', size: 1 };
const some: FleetSize = { kind: 'counted', size: 40 };
const many: FleetSize = { kind: 'counted', size: 2000 };
const estimated: FleetSize = { kind: 'estimated', size: 8 };
const endpoint = parseEndpoint(B);

interface App {
  readonly fleetSize: FleetSize;
  readonly random: number;
  readonly sinceProbeMs?: number;
}

const delay = (signal: Signal, { sinceProbeMs = 500, ...app }: App) =>
  delayAfter(signal, { endpoint, sinceProbeMs, ...app }, sharing);

describe('a signal has a node probed', () => {
  test.each<[string, Signal, FleetSize, number]>([
    ['that gave it', { ...closed, endpoint: B }, some, 0.9],
    ['that did not give it, where the app is alone', closed, alone, 0.999],
    ['that did not give it, where the app receives no announcements', closed, estimated, 0.9],
    ['that did not give it, where this app is drawn', closed, some, 0.02],
    ['if the app requests it', { kind: 'requested', at: 1000 }, some, 0.9],
    ['if another app has announced something on it', { kind: 'announced', endpoint: B, at: 1000 }, some, 0.9],
    [
      'if another app has announced something, where this one is alone',
      { kind: 'announced', at: 1000 },
      alone,
      0.9,
    ],
  ])('at once: one %s', (_, ...[signal, fleetSize, random]) => {
    expect(delay(signal, { fleetSize, random })).toBe(0);
  });

  test.each([
    ['another node closed a connection', closed, 0.5, 100],
    ['another node closed a connection', closed, 0.999, 199.8],
    ['a poll detected the loss of the master', { kind: 'poll', at: 1000 } as const, 0.25, 50],
    [
      'another app has announced something on another node',
      { kind: 'announced', endpoint: A, at: 1000 } as const,
      0.25,
      50,
    ],
    ['a Sentinel told all apps of an event', { kind: 'source event', at: 1000 } as const, 0.25, 50],
    [
      'the server told all apps of maintenance',
      { kind: 'maintenance', endpoint: B, at: 1000 } as const,
      0.25,
      50,
    ],
    ['the server unblocked all watchers', { kind: 'unblocked', endpoint: B, at: 1000 } as const, 0.25, 50],
  ])('in the turn of the app in its fleet, if %s', (_, ...[signal, random, delayMs]) => {
    expect(delay(signal, { fleetSize: some, random })).toBeCloseTo(delayMs, 6);
  });

  test.each([
    ['within 250 ms in a fleet of 2,000', many, 0.999, 249.75],
    [
      'within 1.25 s in the largest fleet that is believed',
      { kind: 'counted', size: MOST_APPS } as const,
      0.999,
      1248.75,
    ],
  ])('%s', (_, ...[fleetSize, random, delayMs]) => {
    expect(delay(closed, { fleetSize, random })).toBeCloseTo(delayMs, 6);
  });

  test.each([
    ['where this app is drawn', 0, 20, 230],
    ['in its turn', 0.001, 20, 235],
    ['in its turn', 0.99, 20, 247.5],
    ['in its turn', 0.001, 0, 250],
    ['at once, where the last probe is not so recent', 0, 260, 0],
  ])('only when an app that has just probed may ask again: %s', (_, ...[random, sinceProbeMs, delayMs]) => {
    expect(delay(closed, { fleetSize: many, random, sinceProbeMs })).toBeCloseTo(delayMs, 6);
  });
});

describe('what is announced has a node probed at most', () => {
  test.each([
    ['ten times a second by each app of a small fleet', alone, 100],
    ['ten times a second by each app of a small fleet', { kind: 'unknown' } as const, 100],
    ['8,000 times a second by all apps of a large one', many, 250],
    ['8,000 times a second by all apps of a large one', { kind: 'counted', size: 800 } as const, 100],
  ])('%s', (_, fleetSize, gapMs) => {
    expect(newsGapMs(fleetSize)).toBe(gapMs);
  });
});

describe('what all apps of a fleet would do at once', () => {
  test.each<[string, FleetSize, number]>([
    ['not at all where the app is alone', alone, 0],
    ['not at all where the size of the fleet is unknown', { kind: 'unknown' }, 0],
    ['over the time in which each has one turn', some, 39 * 5],
    ['over a second at most, however large the fleet seems', { kind: 'counted', size: MOST_APPS }, 1000],
  ])('is spread %s', (_, ...[fleetSize, longestMs]) => {
    expect(spreadMs(fleetSize, 1, sharing.gapMs)).toBe(longestMs);
  });

  test('is left to one of them, on average, where one is enough', () => {
    expect(isChosen(alone, 0.999)).toBe(true);
    expect(isChosen(estimated, 0.999)).toBe(true);
    expect(isChosen(some, 0.024)).toBe(true);
    expect(isChosen(some, 0.026)).toBe(false);
  });
});

describe('together the apps of a fleet of any size', () => {
  const { below } = seededRandom(1);
  const random = () => below(2 ** 20) / 2 ** 20;

  test.each([2, 7, 200, 10_000])(
    'of %i, one on average probes at once a node that gave no signal',
    (size) => {
      const rounds = 200_000;
      const fleetSize: FleetSize = { kind: 'counted', size };
      let atOnce = 0;
      for (let round = 0; round < rounds; round++) {
        atOnce += delay(closed, { fleetSize, random: random(), sinceProbeMs: 2000 }) === 0 ? 1 : 0;
      }
      expect((atOnce / rounds) * size).toBeGreaterThan(0.5);
      expect((atOnce / rounds) * size).toBeLessThan(1.5);
    },
  );
});
