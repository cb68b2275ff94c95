import { expect, test } from 'vitest';
import { runTarget } from './run-target.js';

test('the same seed makes the same run, and each run has a seed of its own', async () => {
  const drawn: number[] = [];
  const target = {
    name: 'draws',
    run: ({ below }: { below: (limit: number) => number }) => void drawn.push(below(1e9)),
  };
  const result = await runTarget(target, { from: 7, forMs: 60_000, runs: 3 });
  await runTarget(target, { from: 9, forMs: 60_000, runs: 1 });
  expect(result).toMatchObject({ name: 'draws', from: 7, runs: 3 });
  expect(new Set(drawn.slice(0, 3)).size).toBe(3);
  expect(drawn[3]).toBe(drawn[2]);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('broken');
    },
  ],
  [
    'rejects',
    async () => {
      throw new Error('broken');
    },
  ],
  ['leaves a rejection unhandled', () => void Promise.reject(new Error('broken'))],
  [
    'throws later',
    () =>
      void setImmediate(() => {
        throw new Error('broken');
      }),
  ],
])('a run that %s ends the course and names its seed', async (_how, fail) => {
  let runs = 0;
  const target = {
    name: 'fails',
    run: () => {
      runs += 1;
      return runs === 3 ? fail() : undefined;
    },
  };
  const { failure } = await runTarget(target, { from: 10, forMs: 60_000, runs: 3 });
  expect(failure).toMatchObject({ seed: 12, error: { message: 'broken' } });
});

test('a course without time makes one run', async () => {
  const result = await runTarget({ name: 'once', run: () => undefined }, { from: 1, forMs: 0 });
  expect(result).toMatchObject({ runs: 1 });
  expect(result.failure).toBeUndefined();
});
