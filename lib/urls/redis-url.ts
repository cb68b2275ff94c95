import { isIPv6 } from 'node:net';
import type { Endpoint } from '../topology/endpoint.js';

/** What the URL of a platform states, beside where the nodes are. */
export interface UrlSettings {
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly family?: 4 | 6;
  readonly protocol?: 2 | 3;
}

/** One URL. It may name several nodes. */
export interface RedisUrl {
  readonly endpoints: readonly Endpoint[];
  readonly settings: UrlSettings;
}

/**
 * Parses `redis://[user:password@]host[:port][,host[:port]…][/db][?db=…&family=…&protocol=…]`. The class `URL` is of no
 * use here: several hosts with ports are no valid URL to it, and its errors quote the text.
 *
 * @throws TypeError that names the part that is wrong. It never shows any of the text, which is likely to be a password.
 */
export function parseRedisUrl(text: string): RedisUrl {
  const [, scheme = '', authority = '', path = '', query = '', fragment] =
    /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(#[^]*)?$/i.exec(text.trim()) ?? [];
  const tls = readScheme(scheme.toLowerCase());
  if (fragment !== undefined) {
    throw new TypeError(`it has a fragment; ${ENCODE}`);
  }
  const hosts = authority.slice(authority.lastIndexOf('@') + 1).split(',');
  const userinfo = authority.slice(0, Math.max(0, authority.lastIndexOf('@')));
  return {
    endpoints: hosts.map((host, index) =>
      readHost(host, { tls, subject: hosts.length === 1 ? 'host' : `host ${index + 1}` }),
    ),
    settings: { ...readUser(userinfo), ...readDatabase(path, query) },
  };
}

const ENCODE = 'percent-encode "/", "?", "#", "@" and "%" in user name and password';
const SCHEMES: Readonly<Record<string, boolean>> = {
  redis: false,
  valkey: false,
  rediss: true,
  valkeys: true,
};
const ALLOWED = 'allowed are redis://, rediss://, valkey:// and valkeys://';

/** Whether the scheme means TLS. */
function readScheme(scheme: string): boolean {
  const tls = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined;
  if (tls !== undefined) {
    return tls;
  }
  if (/sentinel|cluster/.test(scheme)) {
    const kind = scheme.includes('sentinel') ? 'Sentinels' : 'Redis Cluster';
    throw new TypeError(`its scheme is that of ${kind}, which is not supported here; ${ALLOWED}`);
  }
  if (/unix|socket/.test(scheme)) {
    throw new TypeError(`its scheme is that of a Unix socket, but nodes are reached by TCP; ${ALLOWED}`);
  }
  throw new TypeError(`its scheme is ${scheme === '' ? 'missing' : 'unknown'}; ${ALLOWED}`);
}

interface HostContext {
  readonly tls: boolean;
  /** How an error names the host. */
  readonly subject: string;
}

const DEFAULT_PORT = 6379;

function readHost(text: string, { tls, subject }: HostContext): Endpoint {
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
  return { host, port: port === undefined ? DEFAULT_PORT : Number(port), ...(tls && { tls }) };
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

function readDatabase(path: string, query: string): UrlSettings {
  const given = new URLSearchParams(query);
  if ([...given.keys()].some((key) => !PARAMETERS.includes(key))) {
    throw new TypeError(
      `the query has an unknown parameter; allowed are ${PARAMETERS.join(', ')}; ${ENCODE}`,
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

const NAMES: Readonly<Record<keyof UrlSettings, string>> = {
  username: 'user name',
  password: 'password',
  db: 'database',
  family: 'parameter "family"',
  protocol: 'parameter "protocol"',
};
