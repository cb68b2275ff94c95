import type { Contender } from './contender.js';
import { ioredisReconnect } from './ioredis-reconnect.js';
import { ioredisFailoverDetector, ioredisSentinel } from './ioredis-sentinel.js';
import { nodeRedis } from './node-redis.js';
import { withDiscoverNodes, withStaticNodes } from './this-library.js';
import { toldIoredis } from './told-ioredis.js';
import { valkeyGlide } from './valkey-glide.js';

/**
 * `primaryEndpoint` is not among them: it tells nodes apart by address alone, while all servers here share one
 * address, and the relay it would take adds a hop that no other contender has.
 */
export const contenders: readonly Contender[] = [
  toldIoredis,
  withStaticNodes,
  withDiscoverNodes,
  ioredisSentinel,
  ioredisFailoverDetector,
  nodeRedis,
  valkeyGlide,
  ioredisReconnect,
];
