import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { RedisReplicationHealthModule } from 'nestjs-redis-replication/health';
import { HealthController } from './health.controller.js';

@Module({
  // The response contains the reason; a log line for each health request would only obscure the failover.
  imports: [TerminusModule.forRoot({ logger: false }), RedisReplicationHealthModule],
  controllers: [HealthController],
})
export class HealthModule {}
