// In this order, so that they speak before a peer that is missing or too old makes anything else fail.
import '../peers/require-main-peers.js';
import '../peers/require-opentelemetry.js';
export { linkToFailover } from './failover-spans.js';
export {
  RedisReplicationMetricsModule,
  type RedisReplicationMetricsModuleAsyncOptions,
  type RedisReplicationMetricsModuleOptions,
  type RedisReplicationMetricsOptions,
} from './redis-replication-metrics.module.js';
