/**
 * Where one server can be reached.
 *
 * @publicApi
 */
export interface Endpoint {
  /** Host name, IPv4 or IPv6 address (without brackets). */
  readonly host: string;
  readonly port: number;
  /** Speak TLS to this node, also when `redis.tls` is not set. Default `false`. */
  readonly tls?: boolean;
  /** The name to verify the certificate against, where `host` is an address it was resolved to. Default: `host`. */
  readonly servername?: string;
}

/**
 * Reads `host:port`, `[ipv6]:port`, `redis://host[:port]` or `rediss://host[:port]` (port 6379 where a URL
 * names none).
 *
 * @throws TypeError that quotes the text without any credential in it and says what is allowed.
 * @publicApi
 */
export function parseEndpoint(text: string): Endpoint {
  const { scheme, authority } = splitScheme(text);
  const address = readAddress(authority, scheme === undefined ? undefined : DEFAULT_PORT);
  if (address === undefined) {
    throw new TypeError(`"${withoutCredentials(text)}" is not an endpoint; ${ALLOWED}`);
  }
  return scheme === 'rediss' ? { ...address, tls: true } : address;
}

/** `host:port`, with brackets around an IPv6 address: the name of a node in the topology, in logs and in health. */
export function formatEndpoint({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const DEFAULT_PORT = 6379;
const ALLOWED =
  'allowed are "host:port", "[ipv6]:port", "redis://host:port" and "rediss://host:port"; ' +
  'user, password and database belong in the option "redis"';

function splitScheme(text: string): { scheme: string | undefined; authority: string } {
  const match = /^(rediss?):\/\/([^/?#]*)\/?$/.exec(text);
  return match?.[2] === undefined
    ? { scheme: undefined, authority: text }
    : { scheme: match[1], authority: match[2] };
}

function readAddress(authority: string, defaultPort: number | undefined): Endpoint | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(authority);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (host === undefined || port === undefined || port < 1 || port > 65_535) {
    return undefined;
  }
  return { host: host.toLowerCase(), port };
}

/** A malformed URL is often malformed because it carries a password, before the host or after it. */
function withoutCredentials(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^]*@/i, '$1…@').replace(/([?#])[^]*$/, '$1…');
}
