import { expect, test } from 'vitest';
import { seededRandom } from '../topology/seeded-random.js';
import { target } from './ioredis-calls.fuzz.js';

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'calls of every kind end, and get their own replies, while the server fails in every way: seed %i',
  async (seed) => {
    await expect(target.run(seededRandom(seed))).resolves.toBeUndefined();
  },
);
