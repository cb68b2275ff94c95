import {
  ConfigurableModuleBuilder,
  Inject,
  Module,
  Optional,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { metrics, trace, type MeterProvider, type TracerProvider } from '@opentelemetry/api';
import { Subscription } from 'rxjs';
import type { ClusterReplication } from '../nest/cluster-replication.js';
import { namesOfInstances } from '../nest/instance-names.js';
import type { Replication } from '../nest/replication.js';
import { getReplicationToken } from '../nest/tokens.js';
import { FailoverSpans } from './failover-spans.js';
import { InstanceMetrics } from './instance-metrics.js';
import { createInstruments } from './instruments.js';
import { SCOPE } from './names.js';

/**
 * The options of `RedisReplicationMetricsModule.forRoot`, all of them optional.
 *
 * @publicApi
 */
export interface RedisReplicationMetricsOptions {
  /** Where metrics go. Default: the global provider, which the SDK of OpenTelemetry sets. */
  readonly meterProvider?: MeterProvider;
  /** Where spans go. Default: the global provider. */
  readonly tracerProvider?: TracerProvider;
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<RedisReplicationMetricsOptions>({ moduleName: 'RedisReplicationMetrics' })
    .setClassMethodName('forRoot')
    .build();

/** @publicApi */
export type RedisReplicationMetricsModuleOptions = typeof OPTIONS_TYPE;

/** @publicApi */
export type RedisReplicationMetricsModuleAsyncOptions = typeof ASYNC_OPTIONS_TYPE;

/**
 * Measures every `RedisReplicationModule` of the app with OpenTelemetry: metrics, and a span for each failover. Without an
 * SDK it does nothing. Import it once, as it is or by `forRoot`.
 *
 * @publicApi
 */
@Module({})
export class RedisReplicationMetricsModule
  extends ConfigurableModuleClass
  implements OnModuleInit, OnApplicationShutdown
{
  private running = Subscription.EMPTY;

  constructor(
    private readonly moduleRef: ModuleRef,
    @Optional()
    @Inject(MODULE_OPTIONS_TOKEN)
    private readonly options: RedisReplicationMetricsOptions = {},
  ) {
    super();
  }

  onModuleInit(): void {
    const { meterProvider = metrics.getMeterProvider(), tracerProvider = trace.getTracerProvider() } =
      this.options;
    const [meter, tracer] = [meterProvider.getMeter(SCOPE), tracerProvider.getTracer(SCOPE)];
    const instruments = createInstruments(meter);
    const instances = this.findInstances();
    const measured = instances.map((each) => new InstanceMetrics(each, instruments));
    const observed = [...Object.values(instruments.counters), ...Object.values(instruments.gauges)];
    const collect: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) =>
      measured.forEach((each) => each.collect(result));
    meter.addBatchObservableCallback(collect, observed);
    this.running = new Subscription(() => meter.removeBatchObservableCallback(collect, observed));
    measured.forEach((each) => this.running.add(each.start()));
    instances.forEach((each) => this.running.add(new FailoverSpans(each, tracer).start()));
  }

  onApplicationShutdown(): void {
    this.running.unsubscribe();
  }

  private findInstances(): readonly (Replication | ClusterReplication)[] {
    const names = namesOfInstances(this.moduleRef.get(ModulesContainer, { strict: false })) ?? [];
    return names.map((name) => this.moduleRef.get(getReplicationToken(name), { strict: false }));
  }
}
