import { requirePeers } from './require-peers.js';

// The package is CommonJS once it is built. Run from its source it is not, and has the peers of its own lock file.
if (typeof __filename === 'string') {
  requirePeers(__filename, 'nestjs-redis-replication', ['@nestjs/common', '@nestjs/core', 'ioredis', 'rxjs']);
}
