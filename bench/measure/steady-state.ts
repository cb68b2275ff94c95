import type { DynamicModule } from '@nestjs/common';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { Redis } from 'ioredis';
import { staticNodes } from 'nestjs-redis-replication';
import { RedisReplicationMetricsModule } from 'nestjs-redis-replication/metrics';
import type { ServerGroup } from '../../lib/testing/servers/server-group.js';
import { openIoredis } from '../contenders/open-ioredis.js';
import { startApp, type App } from '../contenders/this-library.js';
import type { SteadyScenario } from '../scenarios/steady.js';
import { createCall, runBatch, type Batch, type Role } from './run-batch.js';

export interface Pair {
  readonly raw: Batch;
  readonly library: Batch;
}

export interface SteadyResult {
  readonly scenario: string;
  readonly role: Role;
  readonly commandsPerBatch: number;
  readonly pairs: readonly Pair[];
}

export interface SteadyOptions {
  readonly rounds: number;
  /** About how long one batch lasts. */
  readonly batchMs: number;
}

/** No two connections are quite alike to the system: each has its own buffers, and keeps them. */
const sittings = 6;

/** Writer and reader against a raw ioredis at the same server, in turns: A B, B A, A B …, on several connections. */
export async function measureSteadyState(
  scenario: SteadyScenario,
  group: ServerGroup,
  options: SteadyOptions,
): Promise<readonly SteadyResult[]> {
  const rounds = Math.ceil(options.rounds / sittings);
  const results: SteadyResult[] = [];
  for (let sitting = 0; sitting < Math.min(sittings, options.rounds); sitting += 1) {
    results.push(...(await measureOnce(scenario, group, { ...options, rounds })));
  }
  return (['writer', 'reader'] as const).map((role) => {
    const parts = results.filter((part) => part.role === role);
    const commandsPerBatch = Math.max(...parts.map((part) => part.commandsPerBatch));
    return { scenario: scenario.name, role, commandsPerBatch, pairs: parts.flatMap(({ pairs }) => pairs) };
  });
}

async function measureOnce(
  scenario: SteadyScenario,
  group: ServerGroup,
  options: SteadyOptions,
): Promise<readonly SteadyResult[]> {
  const redis = { enableAutoPipelining: scenario.autoPipelining === true };
  const start = (modules: readonly DynamicModule[] = []) =>
    startApp(staticNodes(group.endpoints), { count: group.nodes.length, redis, modules });
  const app = await start(scenario.against === 'itself' ? [withMetrics()] : []);
  const plain = scenario.against === 'itself' ? await start() : undefined;
  try {
    const results = [];
    for (const role of ['writer', 'reader'] as const) {
      const raw = plain?.[role] ?? (await openIoredis({ ...target(app, group, role), ...redis }));
      results.push(await measureRole({ scenario, role, raw, library: app[role] }, options));
      raw.disconnect();
    }
    return results;
  } finally {
    await plain?.close();
    await app.close();
  }
}

/** Collected once a second, more often than anybody scrapes. */
function withMetrics(): DynamicModule {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1000 });
  return RedisReplicationMetricsModule.forRoot({ meterProvider: new MeterProvider({ readers: [reader] }) });
}

/** The server that the library uses in this role. */
function target(app: App, { nodes }: ServerGroup, role: Role): { host: string; port: number } {
  const node = nodes.find(({ port }) => port === app[role].stream.remotePort);
  if (node === undefined) throw new Error(`the ${role} is connected to no node of the group`);
  return { host: node.host, port: node.port };
}

interface Contest {
  readonly scenario: SteadyScenario;
  readonly role: Role;
  readonly raw: Redis;
  readonly library: Redis;
}

async function measureRole(
  { scenario, role, raw, library }: Contest,
  { rounds, batchMs }: SteadyOptions,
): Promise<SteadyResult> {
  const calls = { raw: createCall(raw, role, scenario), library: createCall(library, role, scenario) };
  const commands = await findBatchSize(calls, scenario, batchMs);
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Who goes first changes, so that a drift of the machine favours neither.
    const isRawFirst = round % 2 === 0;
    const first = await runBatch(isRawFirst ? calls.raw : calls.library, scenario, commands);
    const second = await runBatch(isRawFirst ? calls.library : calls.raw, scenario, commands);
    pairs.push(isRawFirst ? { raw: first, library: second } : { raw: second, library: first });
  }
  return { scenario: scenario.name, role, commandsPerBatch: commands, pairs };
}

const warmUpCommands = 5000;

/** Warms both up, and finds how many commands fill the time of one batch. */
async function findBatchSize(
  calls: { readonly raw: () => Promise<unknown>; readonly library: () => Promise<unknown> },
  scenario: SteadyScenario,
  batchMs: number,
): Promise<number> {
  await runBatch(calls.raw, scenario, warmUpCommands);
  await runBatch(calls.library, scenario, warmUpCommands);
  const { commandsPerSecond } = await runBatch(calls.raw, scenario, warmUpCommands);
  return Math.ceil((commandsPerSecond * batchMs) / 1000);
}
