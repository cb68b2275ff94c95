import { Module } from '@nestjs/common';
import { RedisReplicationDashboardModule } from 'nestjs-redis-replication/dashboard';
import { ConfigModule } from '../config/config.module.js';
import { PageGuard } from './page.guard.js';

@Module({
  imports: [
    RedisReplicationDashboardModule.forRoot({ path: '/', guard: PageGuard, imports: [ConfigModule] }),
  ],
})
export class PageModule {}
