import type { Command } from 'ioredis';
import { merge, switchMap } from 'rxjs';
import { settingsFor } from '../connections/create-connections.js';
import { FollowingRedis } from '../connections/following-redis.js';
import { pickAny, streamOfAllNodes } from './any-node.js';
import type { LiveShard } from './cluster-loop.js';
import type { ClusterSettings } from './cluster-settings.js';
import { createShardConnection, type ShardConnection } from './shard-connection.js';

interface Routing {
  readonly isRefusal: (message: string) => boolean;
  readonly redirect: (command: Command, message: string) => boolean;
}

/** The connection of a cluster to one shard. */
export function openShard(
  settings: ClusterSettings,
  { stream, shard }: LiveShard,
  { isRefusal, redirect }: Routing,
): ShardConnection {
  return createShardConnection({
    ...settings,
    redis: withoutPrefix(settings),
    account: settings.account?.ofShard(shard.id),
    stream,
    isRefusal,
    redirect,
  });
}

/** The connection of a cluster for subscriptions. */
export function openSubscriber(settings: ClusterSettings): FollowingRedis {
  const { topology$, shards$, emit } = settings.stream;
  // A node that has closed the connection is dialled anew after its next probe.
  const observed$ = shards$.pipe(
    switchMap((shards) => merge(...shards.map((live) => live.stream.observed$))),
  );
  const stream = streamOfAllNodes(topology$, { observed$, emit });
  const redis = withoutPrefix(settings);
  // It leads to any node, and what it waits for says nothing of a shard.
  const account = settings.account?.ofDuplicates();
  return new FollowingRedis(
    settingsFor({ ...settings, redis, stream, account }, (topology, current) =>
      pickAny(topology, current, Math.random()),
    ),
  );
}

/** The prefix is part of the key already when the cluster passes a command on. Redis Cluster has one database only. */
function withoutPrefix({ redis }: ClusterSettings): ClusterSettings['redis'] {
  const { keyPrefix: _prefix, db: _db, scripts: _scripts, ...rest } = redis;
  return rest;
}
