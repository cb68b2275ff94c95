/** How a connection is used while nothing goes wrong. */
export interface SteadyScenario {
  readonly name: string;
  /** How many callers wait for their reply at the same time. */
  readonly callers: number;
  readonly valueBytes: number;
  /** Each caller sends so many commands in one pipeline, instead of one. */
  readonly pipeline?: number;
  readonly autoPipelining?: boolean;
  /** What the library is compared with. Default: a raw ioredis. With `itself`, it is measured by OpenTelemetry. */
  readonly against?: 'itself';
}

const small = 10;
const large = 10_000;

export const steadyScenarios: readonly SteadyScenario[] = [
  { name: '1 caller, 10 B', callers: 1, valueBytes: small },
  { name: '64 callers, 10 B', callers: 64, valueBytes: small },
  { name: '1,000 callers, 10 B', callers: 1000, valueBytes: small },
  { name: '1 caller, 10 kB', callers: 1, valueBytes: large },
  { name: '64 callers, 10 kB', callers: 64, valueBytes: large },
  { name: '1,000 callers, 10 kB', callers: 1000, valueBytes: large },
  { name: 'pipelines of 100, 10 B', callers: 1, pipeline: 100, valueBytes: small },
  { name: 'pipelines of 100, 10 kB', callers: 1, pipeline: 100, valueBytes: large },
  { name: 'auto-pipelining, 64 callers, 10 B', callers: 64, valueBytes: small, autoPipelining: true },
  { name: 'auto-pipelining, 1,000 callers, 10 B', callers: 1000, valueBytes: small, autoPipelining: true },
  { name: 'metrics on ÷ off, 64 callers, 10 B', callers: 64, valueBytes: small, against: 'itself' },
];
