// In this order, so that they speak before a peer that is missing or too old makes anything else fail.
import '../peers/require-main-peers.js';
import '../peers/require-terminus.js';
export { RedisReplicationHealthModule } from './redis-replication-health.module.js';
export {
  RedisReplicationHealthIndicator,
  type IsReadableOptions,
  type IsWritableOptions,
} from './redis-replication.health.js';
export type { NodeFailure } from '../connections/line/node-failures.js';
export type { HeldNow } from '../connections/outcomes/ledger.js';
export type { FailureReason } from './explain-failure.js';
export type { ConnectionInfo, GroupInfo, TopologyInfo } from './group-info.js';
export type { ReadableClusterHealth, ShardReadability } from './judge-cluster-readable.js';
export type { ReadableHealth, UnreadableReason } from './judge-readable.js';
export type { HeldReason, UnwritableReason, WritableHealth } from './judge-health.js';
export type { ShardHealth, WritableClusterHealth } from './judge-cluster-health.js';
