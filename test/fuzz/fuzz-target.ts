import type { SeededRandom } from '../topology/seeded-random.js';

/**
 * What is fed with random input. Each file `test/fuzz/*.fuzz.ts` exports one as `target`. A run fails if it throws,
 * rejects, leaves a rejection unhandled, or takes longer than `RUN_LIMIT_MS`.
 */
export interface FuzzTarget {
  readonly name: string;
  /** Everything random comes from `random`, so that the same seed makes the same run. */
  readonly run: (random: SeededRandom) => void | Promise<void>;
}
