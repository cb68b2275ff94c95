import type { DynamicModule, INestApplicationContext, Provider, Type } from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { TerminusModule } from '@nestjs/terminus';
import type { Redis } from 'ioredis';
import {
  getRedisReaderToken,
  getRedisTopologyToken,
  getRedisWriterToken,
  RedisReplicationModule,
  staticNodes,
  type RedisReplicationModuleOptions,
  type Topology,
} from 'nestjs-redis-replication';
import { RedisReplicationHealthIndicator } from 'nestjs-redis-replication/health';
import { firstValueFrom, type Observable } from 'rxjs';
import { onTestFinished } from 'vitest';
import { forTests } from './patience.js';
import { recordLogs, type RecordedLogs } from './recorded-logs.js';

type Options = Partial<RedisReplicationModuleOptions>;

export interface TestApp {
  readonly context: INestApplicationContext;
  readonly logs: RecordedLogs;
  readonly health: RedisReplicationHealthIndicator;
  readonly writer: Redis;
  readonly reader: Redis;
  readonly topology$: Observable<Topology>;
  topology(): Promise<Topology>;
}

interface Extent {
  readonly modules?: readonly (DynamicModule | Type)[];
  readonly providers?: readonly Provider[];
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
}

/** A module on these nodes. */
export function replicationOf(
  endpoints: readonly string[],
  { source = staticNodes(endpoints), cluster: _cluster, ...options }: Options = {},
): DynamicModule {
  return RedisReplicationModule.forRoot({
    source,
    ...forTests,
    ...options,
  });
}

/** An app with one instance on these nodes, started; it is closed when the test is over. */
export async function startApp(
  endpoints: readonly string[],
  options: Options = {},
  extent: Extent = {},
): Promise<TestApp> {
  const module = replicationOf(endpoints, { boot: 'required', ...options });
  const { context, logs } = await startModules([module, ...(extent.modules ?? [])], extent);
  return describeApp(context, logs, options.name);
}

/** An app of these modules, started; it is closed when the test is over. */
export async function startModules(
  modules: readonly (DynamicModule | Type)[],
  { providers = [], override = (builder) => builder }: Extent = {},
): Promise<{ readonly context: INestApplicationContext; readonly logs: RecordedLogs }> {
  const logs = recordLogs();
  const builder = Test.createTestingModule({
    imports: [...modules, TerminusModule],
    providers: [RedisReplicationHealthIndicator, ...providers],
  }).setLogger(logs);
  const context = await override(builder).compile();
  // Registered before `init`, because a failed start must be closed as well.
  onTestFinished(() => context.close());
  await context.init();
  return { context, logs };
}

/** What an app provides under the tokens of one instance. */
export function describeApp(context: INestApplicationContext, logs: RecordedLogs, name?: string): TestApp {
  const topology$: Observable<Topology> = context.get(getRedisTopologyToken(name));
  return {
    context,
    logs,
    health: context.get(RedisReplicationHealthIndicator),
    writer: context.get(getRedisWriterToken(name)),
    reader: context.get(getRedisReaderToken(name)),
    topology$,
    topology: () => firstValueFrom(topology$),
  };
}
