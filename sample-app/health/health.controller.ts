import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { RedisReplicationHealthIndicator } from 'nestjs-redis-replication/health';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly redis: RedisReplicationHealthIndicator,
  ) {}

  /** Readiness: 503 with the reason while writes cannot be sent to a master. */
  @Get()
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.redis.isWritable('redis')]);
  }

  /** Liveness: must not depend on Redis, because a restart of this process would not bring Redis back. */
  @Get('live')
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }
}
