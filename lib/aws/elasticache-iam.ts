import { SignatureV4 } from '@smithy/signature-v4';
import { epochOffsetMs, monotonicMs } from '../clock/clock.js';
import type { Credentials } from '../credentials/credentials.js';
import { allow, findFaults, isPlainObject, text, throwFaults } from '../options/rules.js';
import { Sha256 } from './sha256.js';

/**
 * The keys of an AWS identity.
 *
 * @publicApi
 */
export interface AwsIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** @publicApi */
export interface ElastiCacheIamOptions {
  /** The id of the ElastiCache user, which is its name as well. */
  readonly userId: string;
  /** The id of the replication group. Either this or `serverlessCacheName`. */
  readonly replicationGroupId?: string;
  /** The name of the serverless cache. */
  readonly serverlessCacheName?: string;
  readonly region: string;
  /** What signs the token: `fromNodeProviderChain()` of `@aws-sdk/credential-providers`, another provider, or the keys. */
  readonly credentials: AwsIdentity | (() => Promise<AwsIdentity>);
}

/** ElastiCache accepts a token for a new login during this time. A connection lasts twelve hours, and each login begins them anew. */
const TOKEN_SECONDS = 900;

const rules = {
  userId: text,
  replicationGroupId: text,
  serverlessCacheName: text,
  region: text,
  credentials: allow(
    'the keys of an AWS identity, or a function that gives them',
    (value) => typeof value === 'function' || isPlainObject(value),
  ),
};

/**
 * Credentials for a user of ElastiCache that logs in by IAM, for the option `credentials`: a request that is signed by
 * Signature Version 4, without its protocol. It is made locally, without a call to AWS, and anew before it expires.
 * ElastiCache requires TLS for such users.
 *
 * @throws TypeError if an option is wrong.
 * @publicApi
 */
export function elastiCacheIam(options: ElastiCacheIamOptions): () => Promise<Credentials> {
  const required = ['userId', 'region', 'credentials'];
  throwFaults([...findFaults(rules, options, { required }), ...findCacheFaults(options)], 'elastiCacheIam: ');
  const { userId, replicationGroupId, serverlessCacheName, region, credentials } = options;
  // AWS stores names in lower case, and the signature covers it.
  const cache = (replicationGroupId ?? serverlessCacheName ?? '').toLowerCase();
  const query = {
    Action: 'connect',
    User: userId,
    ...(serverlessCacheName !== undefined && { ResourceType: 'ServerlessCache' }),
  };
  return async () => {
    const identity = typeof credentials === 'function' ? await credentials() : credentials;
    const signer = new SignatureV4({ service: 'elasticache', region, credentials: identity, sha256: Sha256 });
    const signed = await signer.presign(
      { method: 'GET', protocol: 'http:', hostname: cache, path: '/', query, headers: { host: cache } },
      { expiresIn: TOKEN_SECONDS },
    );
    const validUntil = monotonicMs() + epochOffsetMs() + TOKEN_SECONDS * 1000;
    return {
      username: userId,
      password: `${cache}/?${new URLSearchParams(textsIn(signed.query)).toString().replaceAll('+', '%20')}`,
      expiresAt: Math.min(validUntil, identity.expiration?.getTime() ?? validUntil),
    };
  };
}

function findCacheFaults({
  replicationGroupId,
  serverlessCacheName,
}: ElastiCacheIamOptions): readonly string[] {
  return (replicationGroupId === undefined) === (serverlessCacheName === undefined)
    ? ['exactly one of the options "replicationGroupId" and "serverlessCacheName" must be set']
    : [];
}

function textsIn(query: object = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]));
}
