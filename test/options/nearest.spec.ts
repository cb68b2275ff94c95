import { expect, test } from 'vitest';
import { nearest } from '../../lib/options/nearest.js';

const known = ['password', 'username', 'db', 'tls', 'keyPrefix', 'connectTimeout', 'timeoutMs', 'name'];

test.each([
  ['passwrd', 'password'],
  ['PASSWORD', 'password'],
  ['psasword', 'password'],
  ['pass', 'password'],
  ['user', 'username'],
  ['keyprefix', 'keyPrefix'],
  ['conectTimeuot', 'connectTimeout'],
  ['timeout', 'timeoutMs'],
  ['dbs', 'db'],
  ['nmae', 'name'],
])('%s means %s', (name, meant) => {
  expect(nearest(name, known)).toBe(meant);
});

test.each(['retries', 'database', 'url', 'connectTimeoutGracePeriod', 'k', ''])('%j means none', (name) => {
  expect(nearest(name, known)).toBeUndefined();
});
