// The little that the benchmark uses of packages which are installed only when it runs, so that the project can be
// type-checked without them.

declare module 'redis' {
  interface Sentinel {
    on(event: 'error', listener: (error: Error) => void): this;
    connect(): Promise<unknown>;
    rPush(key: string, value: string): Promise<number>;
    destroy(): void;
  }

  export function createSentinel(options: {
    readonly name: string;
    readonly sentinelRootNodes: { host: string; port: number }[];
  }): Sentinel;
}

declare module '@valkey/valkey-glide' {
  export class GlideClient {
    static createClient(options: {
      readonly addresses: { host: string; port: number }[];
      readonly useTLS?: boolean;
      readonly advancedConfiguration?: {
        readonly tlsAdvancedConfiguration: { readonly rootCertificates: string };
      };
    }): Promise<GlideClient>;
    rpush(key: string, elements: string[]): Promise<number>;
    close(): void;
  }

  export const Logger: { setLoggerConfig(level: 'off'): void };
}

declare module 'echarts' {
  interface CustomSeries {
    readonly type: 'custom';
    readonly name: string;
    readonly silent: boolean;
    readonly data: readonly (readonly number[])[];
    readonly renderItem: (
      params: unknown,
      api: { coord(point: readonly number[]): readonly number[]; value(column: number): number },
    ) => object;
  }

  interface ScatterSeries {
    readonly type: 'scatter';
    readonly name: string;
    readonly data: readonly (readonly number[])[];
    readonly symbol: string;
    readonly symbolSize: number;
    readonly symbolOffset: readonly [number, number];
    readonly itemStyle: { readonly color: string; readonly opacity: number };
  }

  export type SeriesOption = CustomSeries | ScatterSeries;

  export interface EChartsOption {
    readonly series: readonly SeriesOption[];
    readonly [component: string]: unknown;
  }

  interface Chart {
    setOption(option: EChartsOption): void;
    renderToSVGString(): string;
    dispose(): void;
  }

  export function init(
    element: null,
    theme: null,
    options: {
      readonly renderer: 'svg';
      readonly ssr: true;
      readonly width: number;
      readonly height: number;
    },
  ): Chart;
}
