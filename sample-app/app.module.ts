import { Module } from '@nestjs/common';
import { RedisReplicationModule } from 'nestjs-redis-replication';
import { APP_CONFIG, type AppConfig } from './config/app-config.js';
import { ConfigModule } from './config/config.module.js';
import { HealthModule } from './health/health.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { NotesModule } from './notes/notes.module.js';
import { PageModule } from './page/page.module.js';
import { ShutdownModule } from './shutdown/shutdown.module.js';
import { TopologyModule } from './topology/topology.module.js';

@Module({
  imports: [
    ConfigModule,
    RedisReplicationModule.forRootAsync({
      isGlobal: true,
      imports: [ConfigModule],
      inject: [APP_CONFIG],
      useFactory: (config: AppConfig) => config.replication,
    }),
    NotesModule,
    HealthModule,
    TopologyModule,
    MetricsModule,
    PageModule,
    ShutdownModule,
  ],
})
export class AppModule {}
