import { describe, expect, test } from 'vitest';
import { formatEndpoint, parseEndpoint } from '../../lib/topology/endpoint.js';

const ALLOWED =
  'allowed are "host:port", "[ipv6]:port", "redis://host:port", "rediss://host:port" and "unix:/path"; ' +
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
    ['the path of a Unix socket', 'unix:/run/Redis.sock', { host: '/run/Redis.sock', port: 0 }],
    ['the URL of a Unix socket', 'unix:///run/redis.sock', { host: '/run/redis.sock', port: 0 }],
    ['a URL that asks for TLS', 'rediss://cache:6380', { host: 'cache', port: 6380, tls: true }],
  ])('%s', (_, text, endpoint) => {
    expect(parseEndpoint(text)).toStrictEqual(endpoint);
  });
});

const HOST_OR_PORT = 'its host has a character that no host name has, or its port is not from 1 to 65535';
const NO_PORT = 'its port is not a number from 1 to 65535';
const NO_PATH =
  'its path of a Unix socket is not absolute, is longer than 103 characters, or has a strange character';
const BRACKETS = 'it has more than one ":", and an IPv6 address needs brackets';
const SCHEMES = 'it is a URL that begins neither with "redis://" nor with "rediss://"';

describe('an endpoint is refused, with the reason and what is allowed:', () => {
  test.each([
    ['nothing', '', 'it is empty'],
    ['no port', 'cache', 'it has no port'],
    ['no port behind brackets', '[::1]', 'it has no port'],
    ['a Unix socket that is not absolute', 'unix:run/redis.sock', NO_PATH],
    ['a Unix socket with a password', 'unix://:secret@/run/redis.sock', NO_PATH],
    ['an empty port', 'cache:', NO_PORT],
    ['port 0', 'cache:0', HOST_OR_PORT],
    ['a port beyond 65535', 'cache:65536', HOST_OR_PORT],
    ['a port that is no number', 'cache:redis', NO_PORT],
    ['a negative port', 'cache:-1', NO_PORT],
    ['no host', ':6379', 'it has no host'],
    ['IPv6 without brackets', 'fe80::1:6379', BRACKETS],
    ['a part after the port', 'cache:6379:word', BRACKETS],
    ['an open bracket', '[::1:6379', HOST_OR_PORT],
    ['a space', 'cache :6379', 'it has a blank or a line break'],
    ['two endpoints', 'a:1,b:2', 'it has several parts; each node is an entry of its own'],
    ['a database', 'redis://cache:6379/2', 'it is a URL with more than a host and a port'],
    ['another scheme', 'http://cache:6379', SCHEMES],
    ['a host with a character that no name has', 'ca$he:6379', HOST_OR_PORT],
    ['a scheme alone', 'redis://', 'it has no host'],
  ])('%s', (_, text, reason) => {
    expect(() => parseEndpoint(text)).toThrow(new TypeError(`not an endpoint: ${reason}; ${ALLOWED}`));
  });
});

test.each([
  [{ host: '10.0.0.1', port: 6379 }, '10.0.0.1:6379'],
  [{ host: '::1', port: 6379 }, '[::1]:6379'],
  [{ host: '/run/redis.sock', port: 0 }, 'unix:/run/redis.sock'],
  [{ host: 'cache', port: 1, tls: true }, 'cache:1'],
])('%j is formatted as %s and parsed back to the same endpoint', (endpoint, text) => {
  expect(formatEndpoint(endpoint)).toBe(text);
  expect(parseEndpoint(text)).toMatchObject({ host: endpoint.host, port: endpoint.port });
});
