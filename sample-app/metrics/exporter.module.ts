import { Module, type OnApplicationShutdown } from '@nestjs/common';
import type { MeterProvider as Meters } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

/** The SDK of OpenTelemetry, with an exporter that waits to be asked. */
@Module({
  providers: [
    { provide: PrometheusExporter, useFactory: () => new PrometheusExporter({ preventServerStart: true }) },
    {
      provide: MeterProvider,
      useFactory: (exporter: PrometheusExporter): Meters => new MeterProvider({ readers: [exporter] }),
      inject: [PrometheusExporter],
    },
  ],
  exports: [PrometheusExporter, MeterProvider],
})
export class ExporterModule implements OnApplicationShutdown {
  constructor(private readonly provider: MeterProvider) {}

  /** Ends the exporter, too. */
  onApplicationShutdown(): Promise<void> {
    return this.provider.shutdown();
  }
}
