import { expect, test } from 'vitest';
import { digestOf } from './history.js';
import { runSchedule } from './schedule.js';

const LIMIT_MS = 120_000;

/** The violations with these seeds, with the command that reproduces each. */
async function violationsOf(from: number, count: number): Promise<readonly string[]> {
  const found: string[] = [];
  for (let seed = from; seed < from + count; seed += 1) {
    const { violations } = await runSchedule(seed);
    found.push(
      ...violations.map(
        ({ invariant, text }) =>
          `${invariant}: ${text} (to see it: npm run simulate -- --seed ${seed} --trace)`,
      ),
    );
  }
  return found;
}

test(
  'no schedule of the fixed seeds breaks an invariant',
  async () => {
    expect(await violationsOf(1, 140)).toEqual([]);
  },
  LIMIT_MS,
);

const anySeed = 1_000_000 + Math.floor(Math.random() * 1_000_000_000);

test(
  `no schedule of random seeds (from ${anySeed} on) breaks an invariant`,
  async () => {
    expect(await violationsOf(anySeed, 60)).toEqual([]);
  },
  LIMIT_MS,
);

test('the same seed makes the same schedule, another seed another one', async () => {
  const digests: string[] = [];
  for (const seed of [7, 8, 7]) digests.push(digestOf((await runSchedule(seed)).entries));
  const [first, other, again] = digests;
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

test('real time and chance are back after a schedule', async () => {
  const before = [Date.now, setTimeout, setInterval, setImmediate, clearTimeout, Math.random];
  await runSchedule(1);
  expect([Date.now, setTimeout, setInterval, setImmediate, clearTimeout, Math.random]).toEqual(before);
});
