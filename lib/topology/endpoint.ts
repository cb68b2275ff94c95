import { whyNoEndpoint } from './why-no-endpoint.js';

/**
 * Where one server can be reached.
 *
 * @publicApi
 */
export interface Endpoint {
  /** Host name, IPv4 or IPv6 address (without brackets); or the path of a Unix socket, which begins with `/`. */
  readonly host: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  /** Use TLS for this node even if `redis.tls` is not set. Default `false`. */
  readonly tls?: boolean;
  /**
   * The name to verify the certificate against if `host` is an address resolved from it, or several of which one must
   * match. Default: `host`.
   */
  readonly servername?: string | readonly string[];
}

/**
 * Parses `host:port`, `[ipv6]:port`, `redis://host[:port]`, `rediss://host[:port]` or `unix:/path`. A URL without a port
 * means port 6379.
 *
 * @throws TypeError if the text is malformed. The message says why, without quoting it, and lists the allowed forms.
 * @publicApi
 */
export function parseEndpoint(text: string): Endpoint {
  const [, path] = /^unix:(?:\/\/)?(\/.*)$/.exec(text) ?? [];
  if (isSocketPath(path)) {
    return { host: path, port: 0 };
  }
  const { scheme, authority } = splitScheme(text);
  const address = readAddress(authority, scheme === undefined ? undefined : DEFAULT_PORT);
  if (address === undefined) {
    throw new TypeError(`not an endpoint: ${whyNoEndpoint(text)}; ${ALLOWED}`);
  }
  return scheme === 'rediss' ? { ...address, tls: true } : address;
}

/**
 * `host:port`, with brackets around an IPv6 address, or `unix:/path`. Topology, logs and health use it as the name of a
 * node.
 */
export function formatEndpoint({ host, port }: { readonly host: string; readonly port: number }): string {
  if (host.startsWith('/')) {
    return `unix:${host}`;
  }
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether a host is the path of a Unix socket. Systems limit its length, on macOS to 103 bytes. */
export function isSocketPath(host: unknown): host is string {
  return typeof host === 'string' && /^\/[A-Za-z0-9._/+~-]{1,102}$/.test(host);
}

const DEFAULT_PORT = 6379;
const ALLOWED =
  'allowed are "host:port", "[ipv6]:port", "redis://host:port", "rediss://host:port" and "unix:/path"; ' +
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
