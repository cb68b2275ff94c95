import { expect, test } from 'vitest';
import { withoutCredentials } from '../../lib/topology/without-credentials.js';

test.each([
  [
    "NOPERM User app has no permissions to run the 'set' command",
    "NOPERM the user has no permissions to run the 'set' command",
  ],
  [
    "NOPERM User a User has no name has no permissions to access the 'key' key",
    "NOPERM the user has no permissions to access the 'key' key",
  ],
  [
    "NOPERM this user has no permissions to run the 'set' command",
    "NOPERM this user has no permissions to run the 'set' command",
  ],
  ["ERR unknown command 'AUTH', with args beginning with: 'app' 'sec\nret' ", "ERR unknown command 'AUTH'"],
  ['ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, ', 'ERR unknown command `HELLO`'],
  ['ERR something else', 'ERR something else'],
])('"%s" becomes "%s"', (message, safe) => {
  expect(withoutCredentials(message)).toBe(safe);
});

test.each([
  ['blanks', ' '],
  ['half a refusal', 'User '],
  ['the other half', ' has no permissions'],
  ['half a quotation', ', with args beginning with'],
])('five megabytes of %s are searched in linear time', (_, piece) => {
  const text = piece.repeat(5_000_000 / piece.length);
  const since = performance.now();
  expect(withoutCredentials(text)).not.toContain('with args beginning with:');
  // In quadratic time it takes hours.
  expect(performance.now() - since).toBeLessThan(5000);
});
