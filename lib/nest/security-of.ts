import type { RedisConnectionOptions } from '../connections/ioredis/redis-options.js';
import type { CredentialsProvider } from '../credentials/credentials.js';
import type { SourceSecurity } from '../sources/node-source.js';

/** What a source may know of how the app connects. A check of the user's own may accept any name, so it proves nothing. */
export function securityOf(
  { password, tls }: RedisConnectionOptions,
  credentials?: CredentialsProvider,
): SourceSecurity {
  return {
    password: credentials !== undefined || (password !== undefined && password !== ''),
    tls: tls !== undefined,
    verifies:
      tls?.rejectUnauthorized !== false &&
      tls?.checkServerIdentity === undefined &&
      process.env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0',
  };
}
