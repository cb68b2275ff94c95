import type { ClusterOptions } from 'ioredis';
import type { ConnectionOptions } from '../connections/create-connections.js';
import { duplicateName } from '../connections/following-settings.js';
import type { RedisConnectionOptions } from '../connections/ioredis/redis-options.js';
import type { Endpoint } from '../topology/endpoint.js';
import type { ReadFrom } from '../topology/pick.js';
import type { ClusterStream } from './cluster-stream.js';
import type { ShardUse } from './shard-connection.js';

type Options = Omit<ClusterOptions, 'redisOptions' | 'scripts'> & {
  readonly redisOptions: RedisConnectionOptions;
};

/** The settings of a connection to a cluster. */
export interface ClusterSettings extends Omit<ConnectionOptions, 'stream'> {
  readonly stream: ClusterStream;
  /** Shown as those of ioredis. The stream asks them. */
  readonly startupNodes: readonly Endpoint[];
  readonly use: ShardUse;
  readonly begin: 'at once' | 'when asked';
  readonly isDuplicate: boolean;
  /** Options of ioredis for clusters that a duplicate was given. */
  readonly override: ClusterOptions;
}

/** The options of ioredis for a connection with these settings. Credentials are not shown in them. */
export function clusterOptionsFor({ redis, use, override }: ClusterSettings): Options {
  const { username: _user, password: _password, tls: _tls, keyPrefix, scripts: _scripts, ...shown } = redis;
  const { enableAutoPipelining, autoPipeliningIgnoredCommands, showFriendlyErrorStack } = redis;
  const { redisOptions: _options, scripts: _given, ...given } = override;
  return {
    ...(keyPrefix !== undefined && { keyPrefix }),
    ...(enableAutoPipelining !== undefined && { enableAutoPipelining }),
    ...(autoPipeliningIgnoredCommands !== undefined && { autoPipeliningIgnoredCommands }),
    ...(showFriendlyErrorStack !== undefined && { showFriendlyErrorStack }),
    ...given,
    redisOptions: { ...shown, maxRetriesPerRequest: null },
    scaleReads: use.role === 'writer' ? 'master' : scaleReadsFor(use.readFrom),
    // The constructor of ioredis would connect before this library is ready.
    lazyConnect: true,
    enableReadyCheck: false,
    enableOfflineQueue: true,
    // The first nodes are dialled by the stream only.
    dnsLookup: resolveNothing,
    clusterRetryStrategy: (attempts: number) => Math.min(100 * attempts, 2000),
  };
}

/** Custom commands, which `defineCommand` adds. */
export function scriptsOf({ redis, override }: ClusterSettings) {
  return Object.entries({ ...redis.scripts, ...override.scripts }).map(
    ([name, { lua, numberOfKeys, readOnly }]) => ({
      name,
      definition: {
        lua,
        ...(numberOfKeys !== undefined && { numberOfKeys }),
        ...(readOnly !== undefined && { readOnly }),
      },
    }),
  );
}

/** The settings of a duplicate. */
export function duplicateClusterSettings(
  settings: ClusterSettings,
  { redisOptions = {}, ...override }: ClusterOptions,
): ClusterSettings {
  const { redis } = settings;
  const lazyConnect = override.lazyConnect ?? redis.lazyConnect === true;
  return {
    ...settings,
    account: settings.account?.ofDuplicates(),
    redis: { ...redis, ...duplicateName(redis), ...redisOptions, lazyConnect, maxRetriesPerRequest: null },
    begin: lazyConnect ? 'when asked' : 'at once',
    isDuplicate: true,
    override: { ...settings.override, ...override },
  };
}

function scaleReadsFor(readFrom: ReadFrom): 'master' | 'slave' | 'all' {
  switch (readFrom) {
    case 'master':
    case 'masterPreferred':
      return 'master';
    case 'replica':
    case 'replicaPreferred':
      return 'slave';
    case 'any':
      return 'all';
    default:
      return readFrom satisfies never;
  }
}

function resolveNothing(host: string, callback: (error: null, address: string) => void): void {
  callback(null, host);
}
