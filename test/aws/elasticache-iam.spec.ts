import { createHash, createHmac } from 'node:crypto';
import { elastiCacheIam, type ElastiCacheIamOptions } from 'nestjs-redis-replication/aws';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

const NOW = new Date('2026-03-04T05:06:07.000Z');
const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const options = {
  userId: 'app-user',
  replicationGroupId: 'Shop-Sessions',
  region: 'eu-central-1',
  credentials: keys,
};

beforeEach(() => void vi.useFakeTimers({ now: NOW, toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/** Signature Version 4 for a query, as AWS publishes it, without the library that is under test. */
function signatureOf(host: string, query: string, secret: string): string {
  const canonical = ['GET', '/', query, `host:${host}\n`, 'host', hash('')].join('\n');
  const scope = '20260304/eu-central-1/elasticache/aws4_request';
  const toSign = ['AWS4-HMAC-SHA256', '20260304T050607Z', scope, hash(canonical)].join('\n');
  const key = scope.split('/').reduce<string | Buffer>((each, part) => hmac(each, part), `AWS4${secret}`);
  return hmac(key, toSign).toString('hex');
}

/** The parts of a token: what was signed in the order of its names, and the signature. */
function partsOf(token: string) {
  const [host = '', query = ''] = token.split('/?');
  const parameters = query.split('&').toSorted();
  const signature = parameters.find((each) => each.startsWith('X-Amz-Signature='))?.slice(16);
  return {
    host,
    signature,
    query: parameters.filter((each) => !each.startsWith('X-Amz-Signature=')).join('&'),
  };
}

describe('a token', () => {
  test('is a request to connect that is signed as AWS publishes it', async () => {
    const { username, password, expiresAt } = await elastiCacheIam(options)();
    const { host, query, signature } = partsOf(password);
    expect([username, host]).toEqual(['app-user', 'shop-sessions']);
    expect(Object.fromEntries(new URLSearchParams(query))).toEqual({
      Action: 'connect',
      User: 'app-user',
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': 'AKIDEXAMPLE/20260304/eu-central-1/elasticache/aws4_request',
      'X-Amz-Date': '20260304T050607Z',
      'X-Amz-Expires': '900',
      'X-Amz-SignedHeaders': 'host',
    });
    expect(signature).toBe(signatureOf(host, query, keys.secretAccessKey));
    expect(Number(expiresAt) - NOW.getTime()).toBeCloseTo(900_000, -1);
  });

  test('for a serverless cache says so, and carries the token of the session', async () => {
    const { replicationGroupId: _group, ...rest } = options;
    const sessionToken = 'a/b+c==';
    const { password } = await elastiCacheIam({
      ...rest,
      serverlessCacheName: 'cache',
      credentials: async () => ({ ...keys, sessionToken }),
    })();
    const { host, query, signature } = partsOf(password);
    const parameters = new URLSearchParams(query);
    expect([parameters.get('ResourceType'), parameters.get('X-Amz-Security-Token')]).toEqual([
      'ServerlessCache',
      sessionToken,
    ]);
    expect(signature).toBe(signatureOf(host, query, keys.secretAccessKey));
  });

  test('ends with the identity that has signed it, if that ends earlier', async () => {
    const expiration = new Date(NOW.getTime() + 60_000);
    const { expiresAt } = await elastiCacheIam({ ...options, credentials: { ...keys, expiration } })();
    expect(expiresAt).toBe(expiration.getTime());
  });

  test('is made with the keys of the moment', async () => {
    const secrets = ['one', 'two'];
    const give = elastiCacheIam({
      ...options,
      credentials: async () => ({ ...keys, secretAccessKey: secrets.shift() ?? '' }),
    });
    const [first, second] = [partsOf((await give()).password), partsOf((await give()).password)];
    expect(first.signature).toBe(signatureOf(first.host, first.query, 'one'));
    expect(second.signature).toBe(signatureOf(second.host, second.query, 'two'));
  });
});

test.each<[Partial<ElastiCacheIamOptions>, string]>([
  [{ userId: '' }, 'option "userId" is ""; allowed is a non-empty string'],
  [
    { serverlessCacheName: 'cache' },
    'exactly one of the options "replicationGroupId" and "serverlessCacheName"',
  ],
])('%j is refused', (wrong, message) => {
  expect(() => elastiCacheIam({ ...options, ...wrong })).toThrow(message);
});
