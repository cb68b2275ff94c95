import assert from 'node:assert/strict';
import { parseHello } from '../../lib/replies/parse-hello.js';
import { parseRole } from '../../lib/replies/parse-role.js';
import type { SeededRandom } from '../topology/seeded-random.js';

/** `HELLO` and `ROLE` of any shape give texts and whole numbers, or nothing. */
export const target = {
  name: 'parse-replies',
  run: (random: SeededRandom): void => {
    for (const value of Object.values(parseHello(makeReply(random, 3)))) {
      assert.ok(value === undefined || typeof value === 'string');
    }
    const report = parseRole(makeReply(random, 3));
    if (report !== undefined) {
      assert.match(report.role, /^(master|replica)$/);
      assert.ok(report.offset === undefined || Number.isSafeInteger(report.offset));
    }
  },
};

const words = ['role', 'master', 'slave', 'replica', 'mode', 'proto', 'connected', 'sync', '1e400', '-1', ''];

function makeReply(random: SeededRandom, depth: number): unknown {
  const { below, oneOf, chance } = random;
  if (depth === 0 || chance(0.4)) {
    return oneOf<unknown>([
      'role',
      ...words,
      null,
      undefined,
      Number.NaN,
      2 ** 53,
      7,
      true,
      Symbol('x'),
      10n,
    ]);
  }
  const list = Array.from({ length: below(8) }, () => makeReply(random, depth - 1));
  const known = oneOf<readonly unknown[]>([[], ['master'], ['slave'], ['role']]);
  return chance(0.5)
    ? [...known, ...list]
    : Object.fromEntries(list.map((value) => [oneOf(['role', ...words]), value]));
}
