import type { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';

export function createLimiter(writer: Redis): RateLimiterRedis {
  return new RateLimiterRedis({ storeClient: writer, points: 10, duration: 60 });
}
