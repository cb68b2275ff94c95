import { isIPv6 } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { isSocketPath, type Endpoint } from '../topology/endpoint.js';

/**
 * What the URL of a platform states, beside where the nodes are.
 *
 * @publicApi
 */
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

/** One URL. It may name several nodes, or Sentinels, or nodes of a cluster. */
export interface RedisUrl {
  readonly kind: Scheme['kind'];
  readonly endpoints: readonly Endpoint[];
  readonly sentinel?: SentinelSettings;
  readonly settings: UrlSettings;
}

/**
 * Parses `redis://[user:password@]host[:port][,host[:port]…][/db][?db=…&family=…&protocol=…]`, and likewise
 * `redis+cluster://`; `redis+sentinel://` with the path `/name[/db]` and the further parameters `sentinelUsername` and
 * `sentinelPassword`; and `unix://[user:password@]/path[?db=…&protocol=…]`. The class `URL` is of no
 * use here: several hosts with ports are no valid URL to it, and its errors quote the text.
 *
 * @throws TypeError that names the part that is wrong. It never shows any of the text, which is likely to be a password.
 */
export function parseRedisUrl(given: string): RedisUrl {
  const text = given.trim().replace(/^unix:(?=\/(?!\/))/i, 'unix://');
  const [, scheme = '', authority = '', path = '', query = '', fragment] =
    /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(#[^]*)?$/i.exec(text) ?? [];
  const { tls, kind } = readScheme(scheme.toLowerCase());
  if (fragment !== undefined) {
    throw new TypeError(`it has a fragment; ${ENCODE}`);
  }
  const hosts = authority.slice(authority.lastIndexOf('@') + 1).split(',');
  const userinfo = authority.slice(0, Math.max(0, authority.lastIndexOf('@')));
  if (kind === 'socket') {
    return readSocket({ hosts, path, query, user: readUser(userinfo) });
  }
  const endpoints = hosts.map((host, index) =>
    readHost(host, { tls, kind, subject: hosts.length === 1 ? 'host' : `host ${index + 1}` }),
  );
  if (kind !== 'sentinels') {
    const settings = { ...readUser(userinfo), ...readDatabase(path, query, PARAMETERS) };
    return { kind, endpoints, settings: kind === 'nodes' ? settings : ofCluster(settings, tls) };
  }
  const [, name = '', database = ''] = /^\/([^/]*)(?:\/(.*))?$/.exec(path) ?? [];
  const settings = {
    ...readUser(userinfo),
    ...readDatabase(database, query, [...PARAMETERS, ...SENTINEL_PARAMETERS]),
    ...(tls && { tls: {} }),
  };
  return { kind, endpoints, sentinel: readSentinel(name, query), settings };
}

const ENCODE = 'percent-encode "/", "?", "#", "@" and "%" in user name and password';
const ALLOWED =
  'allowed are redis://, rediss://, valkey:// and valkeys://, each also with +sentinel or +cluster, and unix:///path';

interface Scheme {
  readonly tls: boolean;
  /** What the hosts are. */
  readonly kind: 'nodes' | 'sentinels' | 'cluster' | 'socket';
}

function readScheme(scheme: string): Scheme {
  const [whole, secure, suffix] = /^(?:redis|valkey)(s?)(?:[+-](sentinel|cluster))?$/.exec(scheme) ?? [];
  if (whole !== undefined) {
    const kinds = { sentinel: 'sentinels', cluster: 'cluster' } as const;
    const kind = suffix === 'sentinel' || suffix === 'cluster' ? kinds[suffix] : 'nodes';
    return { tls: secure === 's', kind };
  }
  if (/^(?:(?:redis|valkey)\+)?(?:unix|socket)$/.test(scheme)) {
    return { tls: false, kind: 'socket' };
  }
  throw new TypeError(`its scheme is ${scheme === '' ? 'missing' : 'unknown'}; ${ALLOWED}`);
}

interface HostContext extends Scheme {
  /** How an error names the host. */
  readonly subject: string;
}

const DEFAULT_PORTS = { nodes: 6379, cluster: 6379, sentinels: 26_379, socket: 0 };

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

/** Nodes of a cluster are learned from others, without a word of TLS. */
function ofCluster(settings: UrlSettings, tls: boolean): UrlSettings {
  if (settings.db !== undefined && settings.db !== 0) {
    throw new TypeError('it names a database other than 0, and a cluster has no other');
  }
  return { ...settings, ...(tls && { tls: {} }) };
}

interface SocketUrl {
  readonly hosts: readonly string[];
  readonly path: string;
  readonly query: string;
  readonly user: UrlSettings;
}

/** The path is that of the socket, so the database is in the query; some clients call it `virtual_host`. */
function readSocket({ hosts, path: encoded, query, user }: SocketUrl): RedisUrl {
  if (hosts.some((host) => host !== '' && host !== 'localhost')) {
    throw new TypeError(`it has a host; a Unix socket has a path only, as in unix:///path; ${ENCODE}`);
  }
  const path = decode(encoded, 'path');
  if (!isSocketPath(path)) {
    const allowed = 'at most 103 letters, digits and signs of "._/+~-"';
    throw new TypeError(
      `the path of the Unix socket is missing or malformed; allowed is "/", and ${allowed}`,
    );
  }
  const parameters = query.replace(/(^|&)virtual_host=/g, '$1db=');
  return {
    kind: 'socket',
    endpoints: [{ host: path, port: 0 }],
    settings: { ...user, ...readDatabase('', parameters, ['db', 'protocol']) },
  };
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
