import { entraId, type EntraIdCredential, type EntraIdOptions } from 'nestjs-redis-replication/azure';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createToken } from '../support/json-web-token.js';
import { openReplication } from '../support/open-replication.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import { until } from '../../lib/testing/servers/until.js';
import { createUser } from '../support/users.js';
import { emitted } from '../support/emitted.js';

const OID = '5d4c6f0e-2b0a-4a55-9a3c-0f6f2a3b7c11';
const MINUTE = 60_000;

/** Gives these tokens one after the other, the last one for ever. */
function credentialOf(tokens: readonly { readonly token: string; readonly expiresOnTimestamp: number }[]) {
  const scopes: string[] = [];
  const credential: EntraIdCredential = {
    getToken: async (scope) => {
      scopes.push(scope);
      return tokens[Math.min(scopes.length, tokens.length) - 1] ?? null;
    },
  };
  return { credential, scopes };
}

describe('the credentials of a token', () => {
  const expiresOnTimestamp = Date.UTC(2026, 10, 26);
  const token = createToken({ aud: 'https://redis.azure.com', oid: OID, sub: 'another', upn: 'app@x.test' });

  test('are its object id, itself, and an end three minutes before its own', async () => {
    const { credential, scopes } = credentialOf([{ token, expiresOnTimestamp }]);
    expect(await entraId({ credential })()).toEqual({
      username: OID,
      password: token,
      expiresAt: expiresOnTimestamp - 3 * MINUTE,
    });
    expect(scopes).toEqual(['https://redis.azure.com/.default']);
  });

  test('have the user and the scope that the app gives', async () => {
    const { credential, scopes } = credentialOf([{ token: 'opaque', expiresOnTimestamp }]);
    const scope = 'acca5fbb-b7e4-4009-81f1-37e38fd66d78/.default';
    expect(await entraId({ credential, username: 'app', scope })()).toMatchObject({ username: 'app' });
    expect(scopes).toEqual([scope]);
  });

  test.each([
    ['that is no JSON Web Token', 'opaque-secret'],
    ['whose claims are no JSON', `a.${Buffer.from('secret').toString('base64url')}.c`],
    ['without an object id', createToken({ aud: 'secret' })],
    ['whose object id is no text', createToken({ oid: 7, aud: 'secret' })],
  ])('%s are asked for the user, without showing it', async (_what, given) => {
    const { credential } = credentialOf([{ token: given, expiresOnTimestamp }]);
    const failure = await entraId({ credential })().catch((error: unknown) => String(error));
    expect(failure).toBe(
      'Error: entraId: the token does not tell the object id of its identity; set "username" to it',
    );
  });

  test('that the credential does not give are an error', async () => {
    await expect(entraId({ credential: credentialOf([]).credential })()).rejects.toThrow(
      'entraId: the credential gave no token',
    );
  });
});

test.each<[object, string]>([
  [{}, 'entraId: option "credential" is undefined; allowed is a credential of @azure/identity'],
  [{ credential: { token: 'x' } }, 'option "credential" is a value of type object'],
  [
    { credential: credentialOf([]).credential, username: '' },
    'option "username" is ""; allowed is a non-empty string',
  ],
  [{ credential: credentialOf([]).credential, scopes: [] }, 'unknown option "scopes"; did you mean "scope"?'],
])('%o is refused', (wrong, message) => {
  const options: { given: EntraIdOptions } = Object.assign({ given: credentialOf([]) }, { given: wrong });
  expect(() => entraId(options.given)).toThrow(message);
});

test('a user named by the object id is logged in, and again with the next token before the first ends', async () => {
  const group = await startGroup();
  onTestFinished(() => group.stop());
  const claims = { oid: OID, aud: 'https://redis.azure.com' };
  const first = createToken({ ...claims, exp: 1 });
  const second = createToken({ ...claims, exp: 2 });
  await createUser(group.nodes, { name: OID, password: first, rules: ['~*', '&*', '+@all', `>${second}`] });
  const now = Date.now();
  const { credential, scopes } = credentialOf([
    { token: first, expiresOnTimestamp: now + 3 * MINUTE + 500 },
    { token: second, expiresOnTimestamp: now + 60 * MINUTE },
  ]);
  const { writer, notes } = await openReplication(group.endpoints, { credentials: entraId({ credential }) });
  expect(await writer.acl('WHOAMI')).toBe(OID);
  await until('there is another token', () => scopes.length === 2);
  await Promise.all(group.nodes.map((node) => node.command('ACL', 'SETUSER', OID, `<${first}`)));
  const closed = emitted(writer, 'close');
  await group.master.command('CLIENT', 'KILL', 'USER', OID);
  await closed;
  expect(await writer.set('key', 'value')).toBe('OK');
  expect(scopes).toHaveLength(2);
  expect(notes.join('\n')).not.toContain('signature');
});
