import assert from 'node:assert/strict';
import { describeValue } from '../../lib/options/describe-value.js';
import { readEndpoints } from '../../lib/sources/read-endpoints.js';
import type { SeededRandom } from '../topology/seeded-random.js';

const SECRET = 'S3cretS3cret';

const parts = [
  'redis://',
  'rediss://',
  'user',
  ':',
  '@',
  '/',
  '?',
  '#',
  ',',
  ';',
  '=',
  ' ',
  '"',
  '{',
  '}',
  '[',
  ']',
].concat(['password', 'ssl=True', 'host', '10.0.0.1', '6379', '::1', '.', '-', '\n', '0', '{"password":"']);

/** A text in which a secret stands somewhere is refused without it, or it is an endpoint with the secret as its host. */
export const target = {
  name: 'parse-options',
  run: (random: SeededRandom): void => {
    const word = () => random.oneOf(['', ...parts]);
    const some = () => Array.from({ length: random.below(6) }, word).join('');
    const text = `${some()}${SECRET}${some()}`;
    const refusal = refusalOf(() => readEndpoints('staticNodes', ['10.0.0.1:6379', text]));
    assert.ok(!refusal?.includes(SECRET), refusal);
    assert.ok(!describeValue(text).includes(SECRET));
  },
};

function refusalOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return error instanceof Error ? `${error.message} ${String(error.cause)} ${error.stack}` : String(error);
  }
}
