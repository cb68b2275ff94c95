import { Module } from '@nestjs/common';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { RedisReplicationMetricsModule } from 'nestjs-redis-replication/metrics';
import { ExporterModule } from './exporter.module.js';
import { MetricsController } from './metrics.controller.js';

/** Most apps set a global SDK up before all else, and then import `RedisReplicationMetricsModule` as it is. */
@Module({
  imports: [
    ExporterModule,
    RedisReplicationMetricsModule.forRootAsync({
      imports: [ExporterModule],
      inject: [MeterProvider],
      useFactory: (meterProvider: MeterProvider) => ({ meterProvider }),
    }),
  ],
  controllers: [MetricsController],
})
export class MetricsModule {}
