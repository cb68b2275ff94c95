import { requirePeers } from './require-peers.js';

// As in `require-main-peers.ts`.
if (typeof __filename === 'string') {
  requirePeers(__filename, 'nestjs-redis-replication/metrics', ['@opentelemetry/api']);
}
