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
