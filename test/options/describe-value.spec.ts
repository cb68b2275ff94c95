import { expect, test } from 'vitest';
import { describeKey, describeValue } from '../../lib/options/describe-value.js';

test.each([
  ['true', '"true"'],
  ['-15.5', '"-15.5"'],
  ['master', 'a string'],
  ['  ', 'a string of blanks'],
  ['', '""'],
  [-1.5, '-1.5'],
  [Number.NaN, 'NaN'],
  [false, 'false'],
  [null, 'null'],
  [undefined, 'undefined'],
  [['secret'], 'an array'],
  [{ password: 'secret' }, 'a value of type object'],
  [() => 'secret', 'a value of type function'],
  [Symbol('secret'), 'a value of type symbol'],
  [10n, 'a value of type bigint'],
])('%s is described as %s', (value, description) => {
  expect(describeValue(value)).toBe(description);
});

test('the name of an option is shown, and what is no name is not', () => {
  expect(
    ['retries', '$a_1', 'host:6380,password=secret', 'secret word', 'é', 'a'.repeat(41)].map(describeKey),
  ).toEqual(['retries', '$a_1', '…', '…', '…', '…']);
});
