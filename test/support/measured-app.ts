import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { RedisReplicationMetricsModule } from 'nestjs-redis-replication/metrics';
import { onTestFinished } from 'vitest';
import { findFreePort } from '../../lib/testing/servers/free-port.js';
import { startApp, type TestApp } from './test-app.js';

/** An app whose metrics can be scraped; it is closed when the test is over. */
export async function startScrapedApp(
  endpoints: readonly string[],
  options: Parameters<typeof startApp>[1] = {},
): Promise<TestApp & { readonly url: string }> {
  const [host, port] = ['127.0.0.1', await findFreePort()];
  const exporter = new PrometheusExporter({ host, port, preventServerStart: true });
  const meterProvider = new MeterProvider({ readers: [exporter] });
  onTestFinished(() => meterProvider.shutdown());
  await exporter.startServer();
  const modules = [RedisReplicationMetricsModule.forRoot({ meterProvider })];
  const app = await startApp(endpoints, options, { modules });
  return { ...app, url: `http://${host}:${port}/metrics` };
}
