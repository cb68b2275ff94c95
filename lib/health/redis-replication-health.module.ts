import { Module } from '@nestjs/common';
import { RedisReplicationHealthIndicator } from './redis-replication.health.js';

/**
 * Provides `RedisReplicationHealthIndicator`. Import it beside `TerminusModule`, in the module of the health controller.
 *
 * @publicApi
 */
@Module({
  providers: [RedisReplicationHealthIndicator],
  exports: [RedisReplicationHealthIndicator],
})
export class RedisReplicationHealthModule {}
