import { RedisPubSub, type PubSubRedisOptions } from 'graphql-redis-subscriptions';
import type { Redis } from 'ioredis';

/** Its types are those of its own ioredis 5; with ioredis 5 in the app, there is no need to cast. */
const asClient = (redis: Redis) => redis as unknown as NonNullable<PubSubRedisOptions['publisher']>;

export function createPubSub(writer: Redis): RedisPubSub {
  return new RedisPubSub({ publisher: asClient(writer), subscriber: asClient(writer.duplicate()) });
}
