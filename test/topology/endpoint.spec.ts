import { describe, expect, test } from 'vitest';
import { formatEndpoint, parseEndpoint } from '../../lib/topology/endpoint.js';

const ALLOWED =
  'allowed are "host:port", "[ipv6]:port", "redis://host:port" and "rediss://host:port"; ' +
  'user, password and database belong in the option "redis"';

describe('an endpoint is read from', () => {
  test.each([
    ['an IPv4 address', '10.0.0.1:6379', { host: '10.0.0.1', port: 6379 }],
    ['an IPv6 address in brackets', '[FE80::1]:6380', { host: 'fe80::1', port: 6380 }],
    ['an IPv6 address that ends in IPv4', '[::ffff:10.0.0.1]:1', { host: '::ffff:10.0.0.1', port: 1 }],
    ['a name, in lower case', 'Redis-1.Example.COM:65535', { host: 'redis-1.example.com', port: 65535 }],
    ['a name with an underscore', 'my_redis:6379', { host: 'my_redis', port: 6379 }],
    ['a URL', 'redis://10.0.0.1:6380', { host: '10.0.0.1', port: 6380 }],
    ['a URL without a port', 'redis://cache', { host: 'cache', port: 6379 }],
    ['a URL with a slash at its end', 'redis://cache:6380/', { host: 'cache', port: 6380 }],
    ['a URL with IPv6', 'redis://[::1]', { host: '::1', port: 6379 }],
    ['a URL that asks for TLS', 'rediss://cache:6380', { host: 'cache', port: 6380, tls: true }],
  ])('%s', (_, text, endpoint) => {
    expect(parseEndpoint(text)).toStrictEqual(endpoint);
  });
});

describe('an endpoint is refused, with its text and what is allowed:', () => {
  test.each([
    ['nothing', ''],
    ['no port', 'cache'],
    ['an empty port', 'cache:'],
    ['port 0', 'cache:0'],
    ['a port beyond 65535', 'cache:65536'],
    ['a port that is no number', 'cache:redis'],
    ['a negative port', 'cache:-1'],
    ['no host', ':6379'],
    ['IPv6 without brackets', 'fe80::1:6379'],
    ['an open bracket', '[::1:6379'],
    ['a space', 'cache :6379'],
    ['two endpoints', 'a:1,b:2'],
    ['a database', 'redis://cache:6379/2'],
    ['another scheme', 'http://cache:6379'],
    ['a scheme alone', 'redis://'],
  ])('%s', (_, text) => {
    expect(() => parseEndpoint(text)).toThrow(new TypeError(`"${text}" is not an endpoint; ${ALLOWED}`));
  });
});

describe('a refusal never shows a credential:', () => {
  test.each([
    ['in a URL', 'redis://user:s3cret@cache:6379', '"redis://…@cache:6379"'],
    ['without a scheme', 'user:s3cret@cache:6379', '"…@cache:6379"'],
    ['that contains an at sign', 'redis://user:p@s3cret@cache:6379', '"redis://…@cache:6379"'],
    ['that contains slashes', 'redis://user:s3cret//s3cret@cache:6379', '"redis://…@cache:6379"'],
    ['that contains a line break', 'redis://user:s3cret\ns3cret@cache:6379', '"redis://…@cache:6379"'],
    ['in the query', 'redis://cache:6379?password=s3cret', '"redis://cache:6379?…"'],
    [
      'in the query of a database',
      'redis://cache:6379/0?user=app&password=s3cret',
      '"redis://cache:6379/0?…"',
    ],
    ['in the fragment', 'redis://cache:6379#s3cret', '"redis://cache:6379#…"'],
    ['of another scheme', 'valkey://user:s3cret@cache:6379', '"valkey://…@cache:6379"'],
  ])('%s', (_, text, shown) => {
    expect(() => parseEndpoint(text)).toThrow(`${shown} is not an endpoint`);
    expect(() => parseEndpoint(text)).not.toThrow('s3cret');
  });
});

test.each([
  [{ host: '10.0.0.1', port: 6379 }, '10.0.0.1:6379'],
  [{ host: '::1', port: 6379 }, '[::1]:6379'],
  [{ host: 'cache', port: 1, tls: true }, 'cache:1'],
])('%j is formatted as %s and parsed back to the same endpoint', (endpoint, text) => {
  expect(formatEndpoint(endpoint)).toBe(text);
  expect(parseEndpoint(text)).toMatchObject({ host: endpoint.host, port: endpoint.port });
});
