// In this order, so that they speak before a peer that is missing or too old makes anything else fail.
import '../peers/require-main-peers.js';
import '../peers/require-microservices.js';
export { RedisReplicationClient } from './redis-replication-client.js';
export { RedisReplicationServer } from './redis-replication-server.js';
export type { RedisTransportOptions } from './redis-transport-options.js';
