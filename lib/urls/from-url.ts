import { isIP } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { describeType } from '../options/describe-value.js';
import { formatEndpoint, isSocketPath, type Endpoint } from '../topology/endpoint.js';
import type { NodeSource } from '../sources/node-source.js';
import { primaryEndpoint } from '../sources/primary-endpoint.js';
import {
  differences,
  parseRedisUrl,
  type RedisUrl,
  type SentinelSettings,
  type UrlSettings,
} from './redis-url.js';
import { sentinelNodes } from '../sources/sentinel/sentinel-nodes.js';
import { staticNodes } from '../sources/static-nodes.js';

/**
 * What a URL states, as options of the module: `cluster` if it is that of a Redis Cluster, `source` if not.
 *
 * @publicApi
 */
export type UrlOptions = (
  | { readonly source: NodeSource; readonly cluster?: undefined }
  | { readonly cluster: { readonly nodes: readonly string[] }; readonly source?: undefined }
) & {
  /** Credentials, database, `family` and `protocol`, each if the URL states it. */
  readonly redis: UrlSettings;
};

/**
 * The URL that a platform puts into a variable such as `REDIS_URL`, as options to spread into those of the module:
 * `redis://[user:password@]host[:port][/db]`, `rediss://` for TLS, `valkey://` and `valkeys://` alike. Several nodes are
 * several hosts in one URL (`redis://:password@a:6379,b:6379/0`), several URLs with a comma in between, or a list of URLs.
 *
 * One name is followed as `primaryEndpoint` does, since platforms let it lead to the master; several nodes, an address and
 * `localhost` are `staticNodes`. The port is 6379 by default. The query may state `db`, `family` (4 or 6) and `protocol`
 * (2 or 3).
 *
 * `redis+sentinel://[user:password@]host[:port][,host[:port]…]/name[/db]` names Sentinels, with port 26379 by default, and
 * the name of the master that they monitor. User and password are those of the nodes; `sentinelUsername` and
 * `sentinelPassword` in the query are those of the Sentinels. With `rediss+sentinel://` both are reached with TLS.
 *
 * `redis+cluster://` and `rediss+cluster://` name some nodes of a Redis Cluster. `unix:///path`, also `redis+unix://` and
 * `redis+socket://`, is a single server behind a Unix socket; its database stands in the query.
 *
 * @throws TypeError that names the part that is wrong, and shows nothing of the URL, which may be a password. All URLs must
 * state the same credentials, database and query, and be of one kind.
 * @publicApi
 */
export function fromUrl(urls: string | readonly string[]): UrlOptions {
  const named = readUrls(urls);
  const nodes = named.endpoints.map(toText);
  const redis = named.settings;
  switch (named.kind) {
    case 'cluster':
      return { cluster: { nodes }, redis };
    case 'sentinels':
      return { source: sentinelNodes({ ...named.sentinel, sentinels: nodes }), redis };
    case 'name':
      return { source: primaryEndpoint(nodes.join()), redis };
    case 'nodes':
      return { source: staticNodes(nodes), redis };
    default:
      return named satisfies never;
  }
}

/** All that one or several URLs name, as one. A `name` is one that follows the master. */
export type NamedByUrls = Pick<RedisUrl, 'endpoints' | 'settings'> &
  (
    | { readonly kind: 'nodes' | 'name' | 'cluster' }
    | { readonly kind: 'sentinels'; readonly sentinel: SentinelSettings }
  );

/** @throws TypeError as `fromUrl` does. */
export function readUrls(urls: string | readonly string[]): NamedByUrls {
  const texts = listOf(urls).flatMap((text) => text.split(/,(?=[a-z][a-z0-9+.-]*:\/\/)/i));
  const parsed = texts.map((text, index) =>
    parseNamed(text, texts.length === 1 ? 'the URL' : `URL ${index + 1}`),
  );
  const [settings = {}, ...others] = parsed.map((each) => each.settings);
  const different = [...new Set(others.flatMap((each) => differences(settings, each)))];
  if (different.length > 0) {
    throw new TypeError(
      `fromUrl: the URLs differ in ${different.join(', ')}; all nodes of a group are used with the same one`,
    );
  }
  const endpoints = parsed.flatMap((each) => each.endpoints);
  const [sentinel, ...sentinels] = parsed.map((each) => each.sentinel);
  if (sentinels.some((each) => !isDeepStrictEqual(each, sentinel))) {
    throw new TypeError('fromUrl: the URLs differ in what they state of Sentinels');
  }
  const [kind = 'nodes', ...kinds] = parsed.map((each) => each.kind);
  if (kinds.some((each) => each !== kind)) {
    throw new TypeError('fromUrl: the URLs differ in their scheme; all name nodes, Sentinels or a cluster');
  }
  refuseTwice(endpoints);
  if (sentinel !== undefined) {
    return { kind: 'sentinels', endpoints, settings, sentinel };
  }
  return { kind: kind === 'cluster' ? kind : kindOf(endpoints), endpoints, settings };
}

function kindOf(endpoints: readonly Endpoint[]): 'nodes' | 'name' {
  // `localhost` leads to no other server, but often to two addresses of which one is not listened on.
  const isFixed = endpoints.some(
    ({ host }) => isIP(host) !== 0 || host === 'localhost' || isSocketPath(host),
  );
  return endpoints.length === 1 && !isFixed ? 'name' : 'nodes';
}

function refuseTwice(endpoints: readonly Endpoint[]): void {
  const names = endpoints.map(formatEndpoint);
  if (new Set(names).size < names.length) {
    throw new TypeError('fromUrl: a node is named twice; name each node once');
  }
}

function listOf(urls: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(urls) ? urls : [urls];
  if (list.length === 0) {
    throw new TypeError(`fromUrl: the list of URLs is empty; ${ALLOWED}`);
  }
  return list.map((each) => {
    if (typeof each === 'string' && each.trim() !== '') {
      return each;
    }
    throw new TypeError(
      `fromUrl: the URL is ${typeof each === 'string' ? 'empty' : describeType(each)}; ${ALLOWED}`,
    );
  });
}

const ALLOWED = 'allowed is a URL such as redis://host:6379, or a list of such';

function parseNamed(text: string, name: string): RedisUrl {
  try {
    return parseRedisUrl(text);
  } catch (error) {
    throw new TypeError(`fromUrl: ${name}: ${error instanceof Error ? error.message : 'it is malformed'}`, {
      cause: error,
    });
  }
}

/** An endpoint in the form in which sources take it. */
export function toText(endpoint: Endpoint): string {
  if (isSocketPath(endpoint.host)) {
    return formatEndpoint(endpoint);
  }
  return `${endpoint.tls === true ? 'rediss' : 'redis'}://${formatEndpoint(endpoint)}`;
}
