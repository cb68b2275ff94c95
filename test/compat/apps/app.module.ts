import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule, type HealthCheckResult } from '@nestjs/terminus';
import type { Redis } from 'ioredis';
import {
  InjectRedisReader,
  InjectRedisWriter,
  RedisReplicationModule,
  staticNodes,
} from 'nestjs-redis-replication';
import { RedisReplicationHealthIndicator } from 'nestjs-redis-replication/health';

@Injectable()
export class Notes {
  constructor(
    @InjectRedisWriter() readonly writer: Redis,
    @InjectRedisReader() readonly reader: Redis,
  ) {}
}

@Controller()
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly redis: RedisReplicationHealthIndicator,
  ) {}

  @Get('health')
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.redis.isWritable('redis')]);
  }
}

@Module({
  imports: [
    RedisReplicationModule.forRoot({
      source: staticNodes((process.env['REDIS_NODES'] ?? '').split(',')),
      boot: 'required',
    }),
    TerminusModule,
  ],
  controllers: [HealthController],
  providers: [Notes, RedisReplicationHealthIndicator],
})
export class AppModule {}
