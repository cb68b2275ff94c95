import { afterEach, expect, test, vi } from 'vitest';
import { securityOf } from '../../lib/nest/security-of.js';

afterEach(() => vi.unstubAllEnvs());

test.each([
  [{}, { password: false, tls: false, verifies: true }],
  [{ password: '' }, { password: false, tls: false, verifies: true }],
  [{ password: 'secret' }, { password: true, tls: false, verifies: true }],
  [{ tls: {} }, { password: false, tls: true, verifies: true }],
  [{ tls: { rejectUnauthorized: false } }, { password: false, tls: true, verifies: false }],
  [{ tls: { checkServerIdentity: () => undefined } }, { password: false, tls: true, verifies: false }],
])('a source learns of %j only %j', (options, expected) => {
  expect(securityOf(options)).toEqual(expected);
});

test('certificates count as not verified where the environment turns that off', () => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  expect(securityOf({ tls: {} }).verifies).toBe(false);
});
