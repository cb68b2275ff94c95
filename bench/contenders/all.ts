import type { Contender } from './contender.js';
import { ioredisReconnect } from './ioredis-reconnect.js';
import { ioredisFailoverDetector, ioredisSentinel } from './ioredis-sentinel.js';
import { nodeRedis } from './node-redis.js';
import {
  withDiscoverNodes,
  withPrimaryEndpoint,
  withSentinelNodes,
  withStaticNodes,
} from './this-library.js';
import { toldIoredis } from './told-ioredis.js';
import { valkeyGlide } from './valkey-glide.js';

export const contenders: readonly Contender[] = [
  toldIoredis,
  withStaticNodes,
  withDiscoverNodes,
  withPrimaryEndpoint,
  withSentinelNodes,
  ioredisSentinel,
  ioredisFailoverDetector,
  nodeRedis,
  valkeyGlide,
  ioredisReconnect,
];
