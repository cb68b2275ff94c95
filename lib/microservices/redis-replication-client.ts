import { ClientRedis } from '@nestjs/microservices';
import type { RedisTransportOptions } from './redis-transport-options.js';

/**
 * A `ClientProxy` whose connections follow the master: `new RedisReplicationClient({ writer })`, or as `customClass` of
 * `ClientsModule` with `options: { writer }`.
 *
 * Once it has been connected, a request or an event waits for the next master, within `hold.timeoutMs`, where `ClientRedis`
 * rejects it. A message that is lost in a failover has no reply, as always with Pub/Sub, so give requests a `timeout()`.
 *
 * @publicApi
 */
export class RedisReplicationClient extends ClientRedis {
  private readonly writer: RedisTransportOptions['writer'];

  constructor({ writer, ...options }: RedisTransportOptions) {
    super(options);
    this.writer = writer;
  }

  /** Connections that are replacing their socket take commands. */
  override connect(): ReturnType<ClientRedis['connect']> {
    return this.wasInitialConnectionSuccessful && this.pubClient ? Promise.resolve() : super.connect();
  }

  /** @internal Nest 11 does not wait for it, Nest 12 does, and types the client as `any` in both. */
  override createClient(): Awaited<ReturnType<ClientRedis['createClient']>> {
    return this.writer.duplicate({ lazyConnect: true });
  }
}
