import { inspect } from 'node:util';
import { syncBuiltinESMExports } from 'node:module';
import dns from 'node:dns/promises';
import { asyncScheduler, firstValueFrom, NEVER, of } from 'rxjs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { fromUrl } from '../../lib/urls/from-url.js';
import { sourceOf } from '../support/source-of.js';
import type { SourceNode } from '../../lib/sources/node-source.js';

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

/** The nodes that the source of a URL lists first. */
function nodesOf(urls: string | readonly string[]): Promise<readonly SourceNode[]> {
  const context = {
    observations$: NEVER,
    signals$: NEVER,
    seeking$: of(false),
    scheduler: asyncScheduler,
  };
  return firstValueFrom(sourceOf(fromUrl(urls))(context));
}

const node = (host: string, port: number, tls?: true) => ({ host, port, ...(tls && { tls }) });

describe('the nodes', () => {
  test.each<[string, string | readonly string[], readonly object[]]>([
    ['an address', 'redis://10.0.0.1:6380', [node('10.0.0.1', 6380)]],
    ['an address without a port', 'redis://10.0.0.1', [node('10.0.0.1', 6379)]],
    ['an IPv6 address', 'redis://[2001:DB8::1]:6380/0', [node('2001:db8::1', 6380)]],
    ['an IPv6 address without a port', 'redis://:p@[::1]', [node('::1', 6379)]],
    ['a Unix socket', 'unix:///var/run/redis.sock?db=1', [node('/var/run/redis.sock', 0)]],
    ['a Unix socket with one slash', 'unix:/run/redis.sock', [node('/run/redis.sock', 0)]],
    ['a Unix socket as some clients name it', 'redis+socket:///run/redis.sock', [node('/run/redis.sock', 0)]],
    [
      'a Unix socket as others do',
      'redis+unix://:p@localhost/run/my%2Fredis.sock',
      [node('/run/my/redis.sock', 0)],
    ],
    ['the machine itself', 'redis://localhost:6379', [node('localhost', 6379)]],
    ['TLS', 'rediss://10.0.0.1', [node('10.0.0.1', 6379, true)]],
    ['Valkey', 'valkey://10.0.0.1', [node('10.0.0.1', 6379)]],
    ['Valkey by TLS', 'valkeys://10.0.0.1:1', [node('10.0.0.1', 1, true)]],
    ['capital letters and blanks around it', ' REDIS://10.0.0.1:1\n', [node('10.0.0.1', 1)]],
    [
      'several hosts',
      'redis://app:p@a:1,B.example,[::1]:2/3',
      [node('a', 1), node('b.example', 6379), node('::1', 2)],
    ],
    ['several URLs with a comma in between', 'redis://a:1,rediss://b:2', [node('a', 1), node('b', 2, true)]],
    [
      'a list of URLs',
      ['redis://a:1,b:2', 'rediss://c'],
      [node('a', 1), node('b', 2), node('c', 6379, true)],
    ],
  ])('of %s', async (_, urls, nodes) => {
    expect(await nodesOf(urls)).toEqual(nodes);
  });

  test('of one name are its addresses, of which each may be the master', async () => {
    const addresses = [
      { address: '192.0.2.2', family: 4 },
      { address: '192.0.2.1', family: 4 },
    ];
    // A list, which is what the option `all` asks for, with the fields of a single answer, which the type asks for.
    const answer = Object.assign(addresses, { address: '', family: 4 });
    vi.spyOn(dns, 'lookup').mockResolvedValue(answer);
    syncBuiltinESMExports();
    const [first, ...others] = await nodesOf('rediss://app:p@cache.example/1');
    expect(first).toMatchObject({ host: '192.0.2.1', port: 6379, tls: true, servername: 'cache.example' });
    expect(others).toMatchObject([{ host: '192.0.2.2', intended: 'master' }]);
  });
});

describe('the nodes of a cluster', () => {
  test.each<[string, string | readonly string[], readonly string[]]>([
    [
      'several hosts',
      'redis+cluster://:p@a:1,b,[::1]:2',
      ['redis://a:1', 'redis://b:6379', 'redis://[::1]:2'],
    ],
    ['TLS', 'rediss+cluster://a:1', ['rediss://a:1']],
    ['Valkey', 'valkey-cluster://a:1/0', ['redis://a:1']],
    ['a list of URLs', ['redis+cluster://a:1', 'redis+cluster://b:1'], ['redis://a:1', 'redis://b:1']],
  ])('of %s are options in place of a source', (_, urls, nodes) => {
    const { cluster, source } = fromUrl(urls);
    expect(cluster).toEqual({ nodes });
    expect(source).toBeUndefined();
  });
});

describe('the options of ioredis', () => {
  test.each<[string, string | readonly string[], object]>([
    ['nothing', 'redis://a:1', {}],
    ['empty credentials, as of a variable that is not set', 'redis://:@a:1', {}],
    ['a password', 'redis://:s3cret@a:1', { password: 's3cret' }],
    ['a user', 'redis://app:s3cret@a:1', { username: 'app', password: 's3cret' }],
    ['percent-encoding', 'redis://a%40b:p%2Fa%3As%25s@a:1', { username: 'a@b', password: 'p/a:s%s' }],
    ['signs that need no encoding', 'redis://:a+b:c,d@e=@a:1', { password: 'a+b:c,d@e=' }],
    ['a database', 'redis://a:1/12', { db: 12 }],
    ['a database in the query', 'redis://a:1?db=2', { db: 2 }],
    ['a database twice', 'redis://a:1/2?db=2', { db: 2 }],
    ['no database', 'redis://a:1/', {}],
    ['parameters', 'redis://a:1/0?family=6&protocol=2', { db: 0, family: 6, protocol: 2 }],
    [
      'Sentinels, which are of the nodes',
      'redis+sentinel://app:p@s:1/main/2?sentinelPassword=q&family=4',
      { username: 'app', password: 'p', db: 2, family: 4 },
    ],
    [
      'a Unix socket',
      'unix://app:p@/run/redis.sock?db=2&protocol=2',
      { username: 'app', password: 'p', db: 2, protocol: 2 },
    ],
    ['a Unix socket with a virtual host', 'redis+socket:///run/redis.sock?virtual_host=3', { db: 3 }],
    ['a cluster', 'redis+cluster://app:p@a:1,b:2/0', { username: 'app', password: 'p', db: 0 }],
    ['a cluster with TLS', 'rediss+cluster://a', { tls: {} }],
    ['Sentinels with TLS', 'rediss+sentinel://s/main', { tls: {} }],
    ['several URLs', ['redis://:p@a:1/1', 'redis://:p@b:1?db=1'], { password: 'p', db: 1 }],
  ])('of %s', (_, urls, redis) => {
    expect(fromUrl(urls).redis).toEqual(redis);
  });
});

/** Parts of the URLs below that must not be shown, even where they are in the wrong place. */
const secrets = /s3cret|hush|secret/;

describe('a fault names the part, and shows nothing of the URL', () => {
  test.each<[string, unknown, string]>([
    ['no URL', undefined, 'the URL is undefined; allowed is a URL such as redis://host:6379'],
    ['a number', 6379, 'the URL is a value of type number'],
    ['an empty text', ' ', 'the URL is empty'],
    ['an empty list', [], 'the list of URLs is empty'],
    ['a list with nothing in it', ['redis://a:1', undefined], 'the URL is undefined'],
    ['no scheme', 'hush:6379', 'the URL: its scheme is missing; allowed are redis://, rediss://, valkey://'],
    ['another scheme', 'http://:s3cret@a:1', 'the URL: its scheme is unknown'],
    ['a scheme that objects have', 'constructor://a:1', 'the URL: its scheme is unknown'],
    [
      'Sentinels without a name',
      'redis+sentinel://:s3cret@a:1',
      'the name of the master is missing, the first part of the path',
    ],
    ['Sentinels with an empty name', 'redis+sentinel://a:1//2', 'the name of the master is missing'],
    [
      'Sentinels with a database that is none',
      'redis+sentinel://a:1/main/hush',
      'the database is no whole number',
    ],
    [
      'a parameter of Sentinels elsewhere',
      'redis://a:1?sentinelPassword=s3cret',
      'the query has an unknown parameter',
    ],
    [
      'Sentinels of two groups',
      ['redis+sentinel://a:1/main', 'redis+sentinel://b:1/hush'],
      'the URLs differ in what they state of Sentinels',
    ],
    ['Sentinels beside nodes', ['redis://a:1', 'redis+sentinel://b:1/main'], 'the URLs differ in'],
    ['a cluster beside nodes', ['redis://a:1', 'redis+cluster://b:1'], 'the URLs differ in their scheme'],
    ['a cluster with a database', 'redis+cluster://:s3cret@a:1/1', 'it names a database other than 0'],
    ['a cluster that names a node twice', 'redis+cluster://hush:1,hush:1', 'a node is named twice'],
    [
      'a Unix socket without a path',
      'unix://:s3cret@',
      'the path of the Unix socket is missing or malformed',
    ],
    [
      'a Unix socket with a host',
      'unix://hush/run/redis.sock',
      'it has a host; a Unix socket has a path only',
    ],
    [
      'a Unix socket with blanks',
      'unix:///run/hush%20hush',
      'the path of the Unix socket is missing or malformed',
    ],
    [
      'a Unix socket that is too long',
      `unix:///${'hush'.repeat(30)}`,
      'the path of the Unix socket is missing or malformed',
    ],
    ['a Unix socket with TLS', 'rediss+unix:///hush.sock', 'its scheme is unknown'],
    ['a Unix socket with a family', 'unix:///hush.sock?family=4', 'allowed are db, protocol'],
    [
      'a Unix socket with a database in the password',
      'unix://:s3cret@/hush.sock?db=x',
      'the database is no whole number',
    ],
    ['no host', 'redis://:s3cret@:6379', 'the URL: the host is no name and no address'],
    ['nothing but a scheme', 'redis://', 'the URL: the host is missing'],
    ['an empty host', 'redis://:s3cret@a:1,', 'the URL: the host 2 is missing'],
    ['a host with a blank', 'redis://:s3cret@hush hush', 'the host is no name and no address'],
    ['IPv6 without brackets', 'redis://::1:6379', 'an IPv6 address stands in brackets'],
    ['what is no IPv6', 'redis://[hush]:6379', 'the host is no name and no address'],
    ['a port out of range', 'redis://a:65536', 'the port of the host is no number from 1 to 65535'],
    ['the port 0', 'redis://a:1,b:0', 'the port of the host 2 is no number from 1 to 65535'],
    ['an empty port', 'redis://a:', 'the port of the host is no number'],
    [
      'a slash in the password',
      'redis://app:s3cret/hush@a:1',
      'the port of the host is no number from 1 to 65535; percent-encode',
    ],
    ['a question mark in the password', 'redis://:s3cret?hush@a:1', 'the host is no name and no address'],
    [
      'a hash in the password',
      'redis://app:s3cret#hush@a:1',
      'it has a fragment; percent-encode "/", "?", "#", "@" and "%"',
    ],
    ['a lone percent sign', 'redis://:s3cret%@a:1', 'the password is not percent-encoded correctly'],
    [
      'a lone percent sign in the name',
      'redis://%s3cret:p@a:1',
      'the user name is not percent-encoded correctly',
    ],
    [
      'a user without a password',
      'redis://hush@a:1',
      'it has a user name, but no password; a password alone stands behind a colon',
    ],
    ['a user with an empty password', 'redis://hush:@a:1', 'it has a user name, but no password'],
    [
      'credentials at each host',
      'redis://u:s3cret@a:1,u:s3cret@b:1',
      'user name and password stand once, before the first host',
    ],
    ['a database that is a name', 'redis://a:1/hush', 'the database is no whole number'],
    ['a database with a sign', 'redis://a:1?db=-1', 'the database is no whole number'],
    ['two databases', 'redis://a:1/1?db=2', 'it names two databases'],
    [
      'an unknown parameter',
      'redis://a:1?hush=s3cret',
      'the query has an unknown parameter; allowed are db, family, protocol',
    ],
    ['a family that is none', 'redis://a:1?family=5', 'the parameter "family" is none of 4 and 6'],
    ['a protocol twice', 'redis://a:1?protocol=2&protocol=3', 'the parameter "protocol" is none of 2 and 3'],
    ['the second URL', ['redis://a:1', 'redis://:s3cret@b:hush'], 'URL 2: the port of the host is no number'],
    [
      'two passwords',
      ['redis://:s3cret@a:1', 'redis://:hush@b:1'],
      'the URLs differ in password; all nodes of a group',
    ],
    ['a password for one node only', 'redis://:s3cret@a:1,redis://b:1', 'the URLs differ in password'],
    [
      'two users and databases',
      ['redis://hush:p@a:1/1', 'redis://u:p@b:1'],
      'the URLs differ in user name, database;',
    ],
    ['a node named twice', 'redis://hush:1,HUSH:1', 'a node is named twice; name each node once'],
  ])('of %s', (_, urls, message) => {
    const build = (): unknown => Reflect.apply(fromUrl, undefined, [urls]);
    expect(build).toThrow(TypeError);
    expect(build).toThrow(message);
    const shown = inspect(errorOf(build));
    expect(shown).toMatch(/^TypeError: fromUrl: /);
    expect(shown).not.toMatch(secrets);
  });
});

function errorOf(build: () => unknown): unknown {
  try {
    return build();
  } catch (error) {
    return error;
  }
}
