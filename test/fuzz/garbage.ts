import type { SeededRandom } from '../topology/seeded-random.js';

/** Up to `longest` characters: letters, digits, control characters, separators, and code points of all planes. */
export function garbageText({ below, oneOf }: SeededRandom, longest: number): string {
  const length = oneOf([0, 1, 2, below(10), below(longest + 1)]);
  return Array.from({ length }, () =>
    oneOf([
      () => String.fromCharCode(97 + below(26)),
      () => String(below(10)),
      () => String.fromCharCode(below(32)),
      () => oneOf([' ', ':', ',', '=', '\r\n', '\n', '.', '/', '@', '[', ']', '-', '_', '*', '#', '"']),
      () => String.fromCharCode(below(0x1_0000)),
    ])(),
  ).join('');
}

/** Parts of a grammar, one after the other. */
export function pasteText(random: SeededRandom, part: (random: SeededRandom) => string): string {
  return Array.from({ length: random.below(8) }, () => part(random)).join('');
}

/** Any value that a reply, a callback or a message may turn out to be, nested up to `depth`. */
export function garbageValue(random: SeededRandom, depth = 3): unknown {
  const { below, oneOf } = random;
  const inner = () => (depth === 0 ? null : garbageValue(random, depth - 1));
  return oneOf<() => unknown>([
    () => garbageText(random, 100),
    () => oneOf([0, -1, 1, 2 ** 31, 2 ** 53, 4e8, 1e308, Number.NaN, Infinity, -Infinity, below(1e6)]),
    () => oneOf([null, undefined, true, false]),
    () => Buffer.from(garbageText(random, 20)),
    () => new Error(garbageText(random, 20)),
    () => BigInt(below(1e9)),
    () => Array.from({ length: below(5) }, inner),
    () => Object.fromEntries(Array.from({ length: below(5) }, () => [garbageText(random, 10), inner()])),
  ])();
}
