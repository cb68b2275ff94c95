/** Pseudo-random numbers (mulberry32): the same seed gives the same sequence, so that a failure can be repeated. */
export interface SeededRandom {
  /** From 0 up to, not including, `limit`. */
  readonly below: (limit: number) => number;
  readonly oneOf: <T>(options: readonly [T, ...T[]]) => T;
  readonly chance: (probability: number) => boolean;
  readonly shuffled: <T>(values: readonly T[]) => readonly T[];
}

export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const fraction = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(fraction() * limit);
  return {
    below,
    oneOf: (options) => options[below(options.length)] ?? options[0],
    chance: (probability) => fraction() < probability,
    shuffled: (values) =>
      values
        .map((value) => ({ value, key: fraction() }))
        .toSorted((a, b) => a.key - b.key)
        .map(({ value }) => value),
  };
}
