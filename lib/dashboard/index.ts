// First, so that it speaks before a peer that is too old makes anything else fail.
import '../peers/require-main-peers.js';
export type { RedisReplicationDashboardOptions } from './dashboard-options.js';
export { RedisReplicationDashboardModule } from './redis-replication-dashboard.module.js';
