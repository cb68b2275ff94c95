import { expect, test } from 'vitest';
import { advance, startMasterlessTime } from '../../lib/metrics/masterless-time.js';

test('time counts while there is no master, beginning with the start of the app', () => {
  const found = advance(startMasterlessTime(1000), 1200, true);
  expect(found).toEqual({ totalMs: 200, at: 1200, hasMaster: true });
});

test('time does not count while there is a master', () => {
  const found = advance(startMasterlessTime(1000), 1200, true);
  expect(advance(found, 9000, false).totalMs).toBe(200);
});

test('several times without a master add up', () => {
  const steps = [
    [1100, true],
    [2000, false],
    [2300, false],
    [2350, true],
    [5000, true],
  ] as const;
  const end = steps.reduce(
    (time, [at, hasMaster]) => advance(time, at, hasMaster),
    startMasterlessTime(1000),
  );
  expect(end.totalMs).toBe(100 + 300 + 50);
});

test('a moment that lies before the last one takes nothing away', () => {
  expect(advance(startMasterlessTime(1000), 900, false).totalMs).toBe(0);
});
