export { RedisReplicationHealthIndicator, type IsWritableOptions } from './redis-replication.health.js';
export type { UnwritableReason, WritableHealth } from './judge-health.js';
