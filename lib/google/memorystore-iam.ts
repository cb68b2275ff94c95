import { epochOffsetMs, monotonicMs } from '../clock/clock.js';
import type { Credentials } from '../credentials/credentials.js';
import { allow, findFaults, isPlainObject, throwFaults } from '../options/rules.js';

/**
 * What gives the access tokens of one identity: an `AuthClient` of `google-auth-library`.
 *
 * @publicApi
 */
export interface GoogleAuthClient {
  readonly getAccessToken: () => Promise<{ readonly token?: string | null | undefined }>;
  /** `expiry_date` is in milliseconds since the epoch. */
  readonly credentials: { readonly expiry_date?: number | null | undefined };
}

/** @publicApi */
export interface MemorystoreIamOptions {
  /** `new GoogleAuth({ scopes })` of `google-auth-library`, or one of its clients. */
  readonly auth: GoogleAuthClient | { readonly getClient: () => Promise<GoogleAuthClient> };
}

/** A token whose end the client does not know is asked for again after this time: the client renews it by itself. */
const UNKNOWN_END_MS = 5 * 60_000;

const rules = { auth: allow('a GoogleAuth of google-auth-library, or one of its clients', givesTokens) };

/**
 * Credentials for Memorystore for Valkey or for Redis Cluster with IAM authentication, for the option `credentials`: the
 * access token of the identity, which is valid for an hour, and no user name.
 *
 * @throws TypeError if an option is wrong.
 * @publicApi
 */
export function memorystoreIam(options: MemorystoreIamOptions): () => Promise<Credentials> {
  throwFaults(findFaults(rules, options, { required: ['auth'] }), 'memorystoreIam: ');
  const { auth } = options;
  return async () => {
    const client = 'getClient' in auth ? await auth.getClient() : auth;
    const { token } = await client.getAccessToken();
    if (typeof token !== 'string' || token === '') {
      throw new Error('memorystoreIam: the client gave no access token');
    }
    const soon = monotonicMs() + epochOffsetMs() + UNKNOWN_END_MS;
    return { password: token, expiresAt: client.credentials.expiry_date ?? soon };
  };
}

function givesTokens(value: unknown): boolean {
  return (
    isPlainObject(value) &&
    ['getClient', 'getAccessToken'].some((name) => typeof Reflect.get(value, name) === 'function')
  );
}
