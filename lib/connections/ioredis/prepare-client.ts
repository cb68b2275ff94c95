import type { Redis } from 'ioredis';
import { guardReplies } from './guard-replies.js';
import { hideSecrets } from './hide-secrets.js';
import { hideReadyCheck, reconnectAtOnce, settleHandshake, settleMonitor } from './internals.js';

interface Given {
  readonly enableReadyCheck?: boolean | undefined;
  readonly lazyConnect?: boolean | undefined;
}

/** Changes what a new client of ioredis does by itself, and what it shows. */
export function prepareClient(redis: Redis, given: Given): void {
  hideReadyCheck(redis, given);
  // When the first connection is made is up to `boot`. Libraries read here whether they must connect a duplicate.
  redis.options.lazyConnect = given.lazyConnect === true;
  hideSecrets(redis);
  settleMonitor(redis);
  guardReplies(redis);
  redis.on('connecting', () => settleHandshake(redis));
  redis.on('reconnecting', (delayMs: number) => reconnectAtOnce(redis, delayMs));
}
