import { memorystoreIam, type MemorystoreIamOptions } from 'nestjs-redis-replication/google';
import { expect, onTestFinished, test } from 'vitest';
import { openReplication } from '../support/open-replication.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import { until } from '../../lib/testing/servers/until.js';
import { emitted } from '../support/emitted.js';

const HOUR = 3_600_000;

/** A client whose token is another after each of these times, in milliseconds. */
function clientOf(lifetimesMs: readonly number[]) {
  const given: string[] = [];
  const credentials: { expiry_date?: number | null } = {};
  const client = {
    credentials,
    getAccessToken: async () => {
      const lifetimeMs = lifetimesMs[Math.min(given.length, lifetimesMs.length - 1)] ?? HOUR;
      given.push(`ya29.token-${given.length + 1}`);
      credentials.expiry_date = Date.now() + lifetimeMs;
      return { token: given.at(-1) ?? null };
    },
  };
  return { client, given };
}

test('the credentials of a client are its token and the end of that, without a user', async () => {
  const { client } = clientOf([HOUR]);
  const { expiresAt, ...login } = await memorystoreIam({ auth: client })();
  expect(login).toEqual({ password: 'ya29.token-1' });
  expect(expiresAt).toBe(client.credentials.expiry_date);
});

test('a GoogleAuth is asked for its client', async () => {
  const { client } = clientOf([HOUR]);
  const give = memorystoreIam({ auth: { getClient: async () => client } });
  expect((await give()).password).toBe('ya29.token-1');
  expect((await give()).password).toBe('ya29.token-2');
});

test('a token whose end the client does not know is asked for again within minutes', async () => {
  const client = { credentials: {}, getAccessToken: async () => ({ token: 'ya29.token' }) };
  const { expiresAt } = await memorystoreIam({ auth: client })();
  expect(Number(expiresAt) - Date.now()).toBeGreaterThan(HOUR / 60);
  expect(Number(expiresAt) - Date.now()).toBeLessThan(HOUR / 6);
});

test.each([{ token: null }, {}, { token: '' }])('an answer of %j is an error', async (answer) => {
  const client = { credentials: {}, getAccessToken: async () => answer };
  await expect(memorystoreIam({ auth: client })()).rejects.toThrow(
    'memorystoreIam: the client gave no access token',
  );
});

test.each<[object, string]>([
  [{}, 'option "auth" is undefined; allowed is a GoogleAuth of google-auth-library, or one of its clients'],
  [{ auth: { scopes: [] } }, 'option "auth" is a value of type object'],
  [{ auth: clientOf([]).client, user: 'app' }, 'unknown option "user"; allowed are auth'],
])('%o is refused', (wrong, message) => {
  const options: { given: MemorystoreIamOptions } = Object.assign(
    { given: { auth: clientOf([]).client } },
    { given: wrong },
  );
  expect(() => memorystoreIam(options.given)).toThrow(`memorystoreIam: ${message}`);
});

test('the default user is logged in, and again with the next token before the first ends', async () => {
  const group = await startGroup();
  onTestFinished(() => group.stop());
  const { client, given } = clientOf([500, HOUR]);
  // Replicas and the tests are connected, and stay so.
  const allow = (...rules: readonly string[]) =>
    Promise.all(group.nodes.map((node) => node.command('ACL', 'SETUSER', 'default', ...rules)));
  await Promise.all(group.nodes.map((node) => node.command('CONFIG', 'SET', 'masterauth', 'ya29.token-2')));
  await allow('resetpass', '>ya29.token-1', '>ya29.token-2');
  const { writer, notes } = await openReplication(group.endpoints, {
    credentials: memorystoreIam({ auth: client }),
  });
  expect(await writer.set('key', 'first')).toBe('OK');
  await until('there is another token', () => given.length === 2);
  await allow('<ya29.token-1');
  const closed = emitted(writer, 'close');
  await group.master.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await closed;
  expect(await writer.set('key', 'second')).toBe('OK');
  expect(given).toHaveLength(2);
  expect(notes.join('\n')).not.toContain('ya29');
});
