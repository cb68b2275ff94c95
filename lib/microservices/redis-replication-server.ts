import { ServerRedis } from '@nestjs/microservices';
import type { RedisTransportOptions } from './redis-transport-options.js';

/**
 * The strategy of a microservice that listens on connections which follow the master:
 * `app.connectMicroservice({ strategy: new RedisReplicationServer({ writer }) })`.
 *
 * Handlers stay subscribed through a failover. What is published while the subscriber changes its connection is lost,
 * as always with Pub/Sub; a reply waits for the next master, within `hold.timeoutMs`.
 *
 * @publicApi
 */
export class RedisReplicationServer extends ServerRedis {
  private readonly writer: RedisTransportOptions['writer'];

  constructor({ writer, ...options }: RedisTransportOptions) {
    super(options);
    this.writer = writer;
  }

  /** @internal Nest 11 does not wait for it, Nest 12 does, and types the client as `any` in both. */
  override createRedisClient(): Awaited<ReturnType<ServerRedis['createRedisClient']>> {
    return this.writer.duplicate({ lazyConnect: true });
  }
}
