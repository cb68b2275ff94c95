import { describe, expect, test } from 'vitest';
import type { FleetSize } from '../../lib/fleet/fleet-size.js';
import { delayAfter } from '../../lib/fleet/turns.js';
import { parseEndpoint } from '../../lib/topology/endpoint.js';
import type { Signal } from '../../lib/topology/signal.js';
import { A, B } from '../topology/reports.js';
import { seededRandom } from '../topology/seeded-random.js';

const GAP_MS = 5;
const closed: Signal = { kind: 'connection closed', endpoint: A, at: 1000 };
const alone: FleetSize = { kind: 'counted', size: 1 };
const many: FleetSize = { kind: 'counted', size: 200 };
const estimated: FleetSize = { kind: 'estimated', size: 8 };

describe('a signal has a node probed', () => {
  const endpoint = parseEndpoint(B);
  const delay = (signal: Signal, fleetSize: FleetSize, random: number) =>
    delayAfter(signal, { endpoint, fleetSize, random }, GAP_MS);

  test.each<[string, Signal, FleetSize, number]>([
    ['that gave it', { ...closed, endpoint: B }, many, 0.9],
    ['that did not give it, where the app is alone', closed, alone, 0.999],
    ['that did not give it, where the app receives no announcements', closed, estimated, 0.9],
    ['that did not give it, where this app is drawn', closed, many, 0.004],
    ['if the app requests it', { kind: 'requested', at: 1000 }, many, 0.9],
    ['if another app has announced something on it', { kind: 'announced', endpoint: B, at: 1000 }, many, 0.9],
    [
      'if another app has announced something, where this one is alone',
      { kind: 'announced', at: 1000 },
      alone,
      0.9,
    ],
  ])('at once: one %s', (_, ...[signal, fleetSize, random]) => {
    expect(delay(signal, fleetSize, random)).toBe(0);
  });

  test.each([
    ['another node closed a connection', closed, 0.5, 500],
    ['another node closed a connection', closed, 0.999, 999],
    ['a poll detected the loss of the master', { kind: 'poll', at: 1000 } as const, 0.25, 250],
    [
      'another app has announced something on another node',
      { kind: 'announced', endpoint: A, at: 1000 } as const,
      0.25,
      250,
    ],
    ['the server unblocked all watchers', { kind: 'unblocked', endpoint: B, at: 1000 } as const, 0.25, 250],
  ])('in the turn of the app in its fleet, if %s', (_, ...[signal, random, delayMs]) => {
    expect(delay(signal, many, random)).toBeCloseTo(delayMs, 6);
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
        const delayMs = delayAfter(
          closed,
          { endpoint: parseEndpoint(B), fleetSize, random: random() },
          GAP_MS,
        );
        atOnce += delayMs === 0 ? 1 : 0;
      }
      expect((atOnce / rounds) * size).toBeGreaterThan(0.5);
      expect((atOnce / rounds) * size).toBeLessThan(1.5);
    },
  );
});
