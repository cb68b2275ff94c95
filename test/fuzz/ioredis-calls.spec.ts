import { expect, test } from 'vitest';
import { ioredisCalls } from './ioredis-calls.fuzz.js';

/** The same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'calls of every kind end, and get their own replies, while the server fails in every way: seed %i',
  async (seed) => {
    await expect(ioredisCalls.run(randomOf(seed))).resolves.toBeUndefined();
  },
);
