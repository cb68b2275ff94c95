import type { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import type { ClusterSubscriptions } from '../connections/ioredis/cluster-internals.js';
import type { FollowingRedis } from '../connections/following-redis.js';

/**
 * The connection for subscriptions, in place of that of ioredis. Any node of the cluster delivers all messages of
 * `PUBLISH`, so it leads to one that answers, and ioredis restores the subscriptions where it leads next.
 */
export class Subscriptions implements ClusterSubscriptions {
  readonly #create: () => FollowingRedis;
  readonly #emitter: EventEmitter;
  #redis: FollowingRedis | undefined;

  /** `emitter` receives the messages. */
  constructor(emitter: EventEmitter, create: () => FollowingRedis) {
    this.#emitter = emitter;
    this.#create = create;
  }

  /** The connection is made when it is needed first, because few apps subscribe. */
  start(): void {
    // Nothing to do yet.
  }

  stop(): void {
    this.#redis?.disconnect();
    this.#redis = undefined;
  }

  getInstance(): Redis {
    this.#redis ??= this.#open();
    return this.#redis;
  }

  async shutDown(limitMs: number): Promise<void> {
    await this.#redis?.shutDown(limitMs);
    this.#redis = undefined;
  }

  #open(): FollowingRedis {
    const redis = this.#create();
    redis.on('error', () => undefined);
    for (const event of ['message', 'messageBuffer', 'pmessage', 'pmessageBuffer']) {
      redis.on(event, (...message: readonly unknown[]) => this.#emitter.emit(event, ...message));
    }
    return redis;
  }
}
