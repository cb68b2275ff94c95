import { RedisPubSub, type PubSubRedisOptions } from 'graphql-redis-subscriptions';
import type { Redis } from 'ioredis';

/** Its types are those of its own copy of ioredis 5. */
const asClient = (redis: Redis) => redis as unknown as NonNullable<PubSubRedisOptions['publisher']>;

export function createPubSub(writer: Redis): RedisPubSub {
  return new RedisPubSub({ publisher: asClient(writer), subscriber: asClient(writer.duplicate()) });
}
