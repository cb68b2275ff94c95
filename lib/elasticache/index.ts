// In this order, so that they speak before a peer that is missing or too old makes anything else fail.
import '../peers/require-main-peers.js';
import '../peers/require-elasticache-client.js';
export { elastiCacheNodes, type ElastiCacheNodesOptions } from './elasticache-nodes.js';
