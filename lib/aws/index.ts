// In this order, so that they speak before a peer that is missing or too old makes anything else fail.
import '../peers/require-main-peers.js';
import '../peers/require-aws-signer.js';
export { elastiCacheIam, type AwsIdentity, type ElastiCacheIamOptions } from './elasticache-iam.js';
