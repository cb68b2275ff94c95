import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { RedisReplicationHealthIndicator } from 'nestjs-redis-replication/health';
import { HealthController } from './health.controller.js';

@Module({
  // Whoever asks is told why; a line in the log for each time somebody asks would only hide the failover.
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [RedisReplicationHealthIndicator],
})
export class HealthModule {}
