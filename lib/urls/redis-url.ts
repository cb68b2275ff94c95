import { isIPv6 } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Endpoint } from '../topology/endpoint.js';

/** What the URL of a platform states, beside where the nodes are. */
export interface UrlSettings {
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly family?: 4 | 6;
  readonly protocol?: 2 | 3;
  /** Without options, where the URL of Sentinels asks for TLS: they list their nodes without saying so. */
  readonly tls?: ConnectionOptions;
}

/** What a URL states of Sentinels. Its hosts are theirs, and its user is that of the nodes. */
export interface SentinelSettings {
  /** The name under which they monitor the master. */
  readonly name: string;
  readonly username?: string;
  readonly password?: string;
}

/** One URL. It may name several nodes, or Sentinels. */
export interface RedisUrl {
  readonly endpoints: readonly Endpoint[];
  readonly sentinel?: SentinelSettings;
  readonly settings: UrlSettings;
}

/**
 * Parses `redis://[user:password@]host[:port][,host[:port]…][/db][?db=…&family=…&protocol=…]`, and `redis+sentinel://` with
 * the path `/name[/db]` and the further parameters `sentinelUsername` and `sentinelPassword`. The class `URL` is of no
 * use here: several hosts with ports are no valid URL to it, and its errors quote the text.
 *
 * @throws TypeError that names the part that is wrong. It never shows any of the text, which is likely to be a password.
 */
export function parseRedisUrl(text: string): RedisUrl {
  const [, scheme = '', authority = '', path = '', query = '', fragment] =
    /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(#[^]*)?$/i.exec(text.trim()) ?? [];
  const { tls, kind } = readScheme(scheme.toLowerCase());
  if (fragment !== undefined) {
    throw new TypeError(`it has a fragment; ${ENCODE}`);
  }
  const hosts = authority.slice(authority.lastIndexOf('@') + 1).split(',');
  const userinfo = authority.slice(0, Math.max(0, authority.lastIndexOf('@')));
  const endpoints = hosts.map((host, index) =>
    readHost(host, { tls, kind, subject: hosts.length === 1 ? 'host' : `host ${index + 1}` }),
  );
  if (kind === 'nodes') {
    return { endpoints, settings: { ...readUser(userinfo), ...readDatabase(path, query, PARAMETERS) } };
  }
  const [, name = '', database = ''] = /^\/([^/]*)(?:\/(.*))?$/.exec(path) ?? [];
  const settings = {
    ...readUser(userinfo),
    ...readDatabase(database, query, [...PARAMETERS, ...SENTINEL_PARAMETERS]),
    ...(tls && { tls: {} }),
  };
  return { endpoints, sentinel: readSentinel(name, query), settings };
}

const ENCODE = 'percent-encode "/", "?", "#", "@" and "%" in user name and password';
const ALLOWED = 'allowed are redis://, rediss://, valkey:// and valkeys://, and each with +sentinel';

interface Scheme {
  readonly tls: boolean;
  /** What the hosts are. */
  readonly kind: 'nodes' | 'sentinels';
}

function readScheme(scheme: string): Scheme {
  const [whole, secure, suffix] = /^(?:redis|valkey)(s?)([+-]sentinel)?$/.exec(scheme) ?? [];
  if (whole !== undefined) {
    return { tls: secure === 's', kind: suffix === undefined ? 'nodes' : 'sentinels' };
  }
  if (scheme.includes('cluster')) {
    throw new TypeError(`its scheme is that of Redis Cluster, which is not supported here; ${ALLOWED}`);
  }
  if (/unix|socket/.test(scheme)) {
    throw new TypeError(`its scheme is that of a Unix socket, but nodes are reached by TCP; ${ALLOWED}`);
  }
  throw new TypeError(`its scheme is ${scheme === '' ? 'missing' : 'unknown'}; ${ALLOWED}`);
}

interface HostContext extends Scheme {
  /** How an error names the host. */
  readonly subject: string;
}

const DEFAULT_PORTS = { nodes: 6379, sentinels: 26_379 };

function readHost(text: string, { tls, kind, subject }: HostContext): Endpoint {
  const [, ipv6, name = '', port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(text) ?? [];
  const host = (ipv6 ?? name).toLowerCase();
  if (ipv6 === undefined ? !/^[a-z0-9._-]+$/.test(host) : !isIPv6(host)) {
    const why =
      text === '' ? 'is missing' : `is no name and no address; an IPv6 address stands in brackets; ${ENCODE}`;
    throw new TypeError(`the ${subject} ${why}`);
  }
  if (port !== undefined && !isPort(port)) {
    throw new TypeError(`the port of the ${subject} is no number from 1 to 65535; ${ENCODE}`);
  }
  return { host, port: port === undefined ? DEFAULT_PORTS[kind] : Number(port), ...(tls && { tls }) };
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

/** Clients differ in what a lone word before the host means: a password to redis-cli, a user name to ioredis. */
function readUser(userinfo: string): UrlSettings {
  if (/@[^@]*,/.test(userinfo)) {
    throw new TypeError(`user name and password stand once, before the first host; ${ENCODE}`);
  }
  const [name = '', ...rest] = userinfo.split(':');
  const username = decode(name, 'user name');
  const password = decode(rest.join(':'), 'password');
  if (username !== '' && password === '') {
    throw new TypeError(
      'it has a user name, but no password; a password alone stands behind a colon, as in ":password@"',
    );
  }
  return { ...(username !== '' && { username }), ...(password !== '' && { password }) };
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Without `cause`, which might quote the text.
    throw new TypeError(`the ${part} is not percent-encoded correctly; a "%" of its own is "%25"`);
  }
}

function readSentinel(encoded: string, query: string): SentinelSettings {
  const name = decode(encoded, 'name of the master');
  if (name === '') {
    throw new TypeError('the name of the master is missing, the first part of the path: host:port/name');
  }
  const given = new URLSearchParams(query);
  const [username = '', password = ''] = SENTINEL_PARAMETERS.map((key) => given.get(key) ?? '');
  return { name, ...(username !== '' && { username }), ...(password !== '' && { password }) };
}

function readDatabase(path: string, query: string, parameters: readonly string[]): UrlSettings {
  const given = new URLSearchParams(query);
  if ([...given.keys()].some((key) => !parameters.includes(key))) {
    throw new TypeError(
      `the query has an unknown parameter; allowed are ${parameters.join(', ')}; ${ENCODE}`,
    );
  }
  const byPath = path.replace(/^\//, '');
  const numbers = [...(byPath === '' ? [] : [byPath]), ...given.getAll('db')];
  if (numbers.some((each) => !/^\d{1,9}$/.test(each))) {
    throw new TypeError(`the database is no whole number; ${ENCODE}`);
  }
  const [db, ...others] = numbers.map(Number);
  if (others.some((each) => each !== db)) {
    throw new TypeError('it names two databases');
  }
  const family = oneOf(given.getAll('family'), { part: 'family', allowed: [4, 6] as const });
  const protocol = oneOf(given.getAll('protocol'), { part: 'protocol', allowed: [2, 3] as const });
  return {
    ...(db !== undefined && { db }),
    ...(family !== undefined && { family }),
    ...(protocol !== undefined && { protocol }),
  };
}

const PARAMETERS: readonly string[] = ['db', 'family', 'protocol'];
const SENTINEL_PARAMETERS: readonly string[] = ['sentinelUsername', 'sentinelPassword'];

function oneOf<T extends number>(
  texts: readonly string[],
  { part, allowed }: { readonly part: string; readonly allowed: readonly T[] },
): T | undefined {
  const [text, ...others] = texts;
  const value = allowed.find((each) => String(each) === text);
  if (text !== undefined && (value === undefined || others.length > 0)) {
    throw new TypeError(`the parameter "${part}" is none of ${allowed.join(' and ')}`);
  }
  return value;
}

/** The names of what two URLs state differently. */
export function differences(a: UrlSettings, b: UrlSettings): readonly string[] {
  return Object.entries(NAMES).flatMap(([key, name]) =>
    Reflect.get(a, key) === Reflect.get(b, key) ? [] : [name],
  );
}

const NAMES: Readonly<Record<Exclude<keyof UrlSettings, 'tls'>, string>> = {
  username: 'user name',
  password: 'password',
  db: 'database',
  family: 'parameter "family"',
  protocol: 'parameter "protocol"',
};
