import type { Credentials } from '../credentials/credentials.js';
import { allow, findFaults, isPlainObject, text, throwFaults } from '../options/rules.js';

/**
 * What gives the tokens of Entra ID: each credential of `@azure/identity`, or another `TokenCredential`.
 *
 * @publicApi
 */
export interface EntraIdCredential {
  readonly getToken: (
    scope: string,
  ) => Promise<{ readonly token: string; readonly expiresOnTimestamp: number } | null>;
}

/** @publicApi */
export interface EntraIdOptions {
  /** `new DefaultAzureCredential()` of `@azure/identity`, or another credential. */
  readonly credential: EntraIdCredential;
  /** The name of the Redis user. Default: the object id of the identity, as the token tells it. */
  readonly username?: string;
  /** What the token is for. Default `https://redis.azure.com/.default`. */
  readonly scope?: string;
}

const SCOPE = 'https://redis.azure.com/.default';
/** Azure wants the next token three minutes before the end of the last one. A credential has another five minutes before. */
const HEADROOM_MS = 3 * 60_000;

const rules = {
  credential: allow('a credential of @azure/identity', hasGetToken),
  username: text,
  scope: text,
};

/**
 * Credentials for a user of Azure Managed Redis or Azure Cache for Redis that logs in by Entra ID, for the option
 * `credentials`. The token is renewed four minutes before its end, because the service closes the connections of those
 * that have ended. Azure requires TLS for such users.
 *
 * @throws TypeError if an option is wrong.
 * @publicApi
 */
export function entraId(options: EntraIdOptions): () => Promise<Credentials> {
  throwFaults(findFaults(rules, options, { required: ['credential'] }), 'entraId: ');
  const { credential, username, scope = SCOPE } = options;
  return async () => {
    const given = await credential.getToken(scope);
    if (given === null) {
      throw new Error('entraId: the credential gave no token');
    }
    const { token, expiresOnTimestamp } = given;
    return {
      username: username ?? objectIdIn(token),
      password: token,
      expiresAt: expiresOnTimestamp - HEADROOM_MS,
    };
  };
}

/** The claim `oid`. The server verifies the token. */
function objectIdIn(token: string): string {
  const oid: unknown = Reflect.get(claimsOf(token), 'oid');
  if (typeof oid !== 'string' || oid === '') {
    throw new Error('entraId: the token does not tell the object id of its identity; set "username" to it');
  }
  return oid;
}

function claimsOf(token: string): object {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return isPlainObject(claims) ? claims : {};
  } catch {
    // Not what the parser says, which quotes the token.
    return {};
  }
}

function hasGetToken(value: unknown): boolean {
  return isPlainObject(value) && 'getToken' in value && typeof value.getToken === 'function';
}
