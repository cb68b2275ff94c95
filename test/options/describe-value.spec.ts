import { expect, test } from 'vitest';
import { describeValue } from '../../lib/options/describe-value.js';

test.each([
  ['master', '"master"'],
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

test.each([
  'redis://user:secret@10.0.0.1:6379',
  'rediss://:secret@host',
  'redis://host:6379?password=secret',
  'user:secret@10.0.0.1:6379',
])('a value that may contain a credential is not shown: %s', (text) => {
  expect(describeValue(text)).not.toContain('secret');
  expect(describeValue(text)).toContain('URL');
});
