import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { expect, onTestFinished } from 'vitest';

export type Labels = Readonly<Record<string, string | number>>;

export interface Measured {
  readonly meterProvider: MeterProvider;
  /** The sum of the series that have these labels; of a histogram, how many values it has. `undefined` if there is none. */
  readonly read: (name: string, labels?: Labels) => Promise<number | undefined>;
  readonly seriesOf: (name: string) => Promise<readonly Labels[]>;
  /** The names of all metrics that have a series. */
  readonly names: () => Promise<readonly string[]>;
}

/** Collects when it is asked to. */
class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** Metrics that are collected whenever the test reads one. */
export function measure(): Measured {
  const reader = new Reader();
  const meterProvider = new MeterProvider({ readers: [reader] });
  onTestFinished(() => meterProvider.shutdown());
  const collect = async () => {
    const { resourceMetrics, errors } = await reader.collect();
    expect(errors).toEqual([]);
    return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  };
  const pointsOf = async (name: string) => {
    const found = (await collect()).find((each) => each.descriptor.name === name);
    return (found?.dataPoints ?? []).map(({ attributes, value }) => ({
      labels: toLabels(attributes),
      value,
    }));
  };
  return {
    meterProvider,
    names: async () => (await collect()).map(({ descriptor }) => descriptor.name),
    seriesOf: async (name) => (await pointsOf(name)).map(({ labels }) => labels),
    read: async (name, labels = {}) => {
      const fit = (await pointsOf(name)).filter((point) =>
        Object.entries(labels).every(([key, value]) => point.labels[key] === value),
      );
      const values = fit.map(({ value }) => (typeof value === 'number' ? value : value.count));
      return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
    },
  };
}

function toLabels(attributes: Readonly<Record<string, unknown>>): Labels {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [
      key,
      typeof value === 'number' ? value : String(value),
    ]),
  );
}
