import type { RedisOptions } from '@nestjs/microservices';
import type { Redis } from 'ioredis';

type NestOptions = NonNullable<RedisOptions['options']>;

/**
 * Options of both sides of the Redis transport. Those of Nest that say where and how to connect are not among them:
 * the writer does.
 *
 * @publicApi
 */
export interface RedisTransportOptions extends Pick<
  NestOptions,
  'wildcards' | 'serializer' | 'deserializer'
> {
  /** The injected writer. The transport makes two duplicates of it, one to publish and one to subscribe. */
  readonly writer: Redis;
}
