import { Injectable, Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { Redis } from 'ioredis';
import {
  getRedisReaderToken,
  getRedisWriterToken,
  InjectRedisReader,
  InjectRedisTopology,
  InjectRedisWriter,
  RedisReplicationModule,
  staticNodes,
  type RedisReplicationOptions,
  type RedisReplicationOptionsFactory,
  type Topology,
} from 'nestjs-redis-replication';
import { filter, firstValueFrom, lastValueFrom, Observable, toArray } from 'rxjs';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { plannedSwap, whenInSync } from '../../lib/testing/servers/replication.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { describeApp, replicationOf, startApp, startModules } from '../support/test-app.js';
import { until } from '../../lib/testing/servers/until.js';

let group: ServerGroup;
let other: ServerGroup;

beforeAll(async () => {
  [group, other] = await Promise.all([startGroup({ replicas: 1 }), startGroup({ replicas: 1 })]);
});

afterAll(() => Promise.all([group.stop(), other.stop()]));

/** Whatever a test before did: the first master is master again. */
beforeEach(async () => {
  for (const { nodes, master, replicas } of [group, other]) {
    await plannedSwap(nodes, master);
    await whenInSync(master, replicas);
  }
});

/** Hands over to the replica, once it has all that was written. */
async function swap({ nodes, master, replicas }: ServerGroup): Promise<string> {
  const [to] = replicas;
  if (to === undefined) throw new Error('A group has a replica');
  await whenInSync(master, replicas);
  await plannedSwap(nodes, to);
  return to.endpoint;
}

function whenSteadyOn(topology$: Observable<Topology>, master: string): Promise<Topology> {
  return firstValueFrom(topology$.pipe(filter((each) => each.kind === 'steady' && each.master === master)));
}

function optionsFor(endpoints: readonly string[]): RedisReplicationOptions {
  return { source: staticNodes(endpoints), boot: 'required' };
}

/** What an app would have: a service that is given the three by decorators. */
@Injectable()
class Notes {
  constructor(
    @InjectRedisWriter() readonly writer: Redis,
    @InjectRedisReader() readonly reader: Redis,
    @InjectRedisTopology() readonly topology$: Observable<Topology>,
  ) {}
}

test('the decorators inject a writer to the master, a reader to a replica, and the topology', async () => {
  const { context } = await startApp(group.endpoints, {}, { providers: [Notes] });
  const { writer, reader, topology$ } = context.get(Notes);
  expect(writer).toBeInstanceOf(Redis);
  expect(reader).toBeInstanceOf(Redis);
  expect(topology$).toBeInstanceOf(Observable);
  expect(await writer.set('note', 'text')).toBe('OK');
  await until('the replica has it', async () => (await reader.get('note')) === 'text');
  expect(writer.stream.remotePort).toBe(group.master.port);
  expect(reader.stream.remotePort).toBe(group.replicas[0]?.port);
  await expect(reader.set('note', 'other')).rejects.toThrow('refused by the reader');
  expect(await firstValueFrom(topology$)).toMatchObject({ kind: 'steady', master: group.master.endpoint });
});

@Injectable()
class NodeList {
  readonly endpoints = group.endpoints;
}

@Module({ providers: [NodeList], exports: [NodeList] })
class NodeListModule {
  constructor(readonly list: NodeList) {}
}

@Injectable()
class Settings implements RedisReplicationOptionsFactory {
  constructor(private readonly list: NodeList) {}

  async createRedisReplicationOptions(): Promise<RedisReplicationOptions> {
    return Promise.resolve(optionsFor(this.list.endpoints));
  }
}

@Module({ imports: [NodeListModule], providers: [Settings], exports: [Settings] })
class SettingsModule {
  constructor(readonly settings: Settings) {}
}

test.each<[string, () => DynamicModule]>([
  [
    'useFactory',
    () =>
      RedisReplicationModule.forRootAsync({
        imports: [NodeListModule],
        inject: [NodeList],
        useFactory: ({ endpoints }: NodeList) => optionsFor(endpoints),
      }),
  ],
  ['useClass', () => RedisReplicationModule.forRootAsync({ imports: [NodeListModule], useClass: Settings })],
  [
    'useExisting',
    () => RedisReplicationModule.forRootAsync({ imports: [SettingsModule], useExisting: Settings }),
  ],
])('forRootAsync takes its options from %s', async (_way, createModule) => {
  const { context, logs } = await startModules([createModule()]);
  const { writer } = describeApp(context, logs);
  expect(await writer.set('key', 'value')).toBe('OK');
  expect(writer.stream.remotePort).toBe(group.master.port);
});

@Module({ providers: [Notes], exports: [Notes] })
class NotesModule {
  constructor(readonly notes: Notes) {}
}

test('a global instance can be injected where the module is not imported', async () => {
  const module = replicationOf(group.endpoints, { isGlobal: true, boot: 'required' });
  const { context } = await startModules([module, { module: NotesModule }]);
  expect(await context.get(Notes).writer.set('key', 'value')).toBe('OK');
});

test('an instance that is not global cannot', async () => {
  const building = Test.createTestingModule({ imports: [replicationOf(group.endpoints), NotesModule] })
    .setLogger({ log: () => undefined, warn: () => undefined, error: () => undefined })
    .compile();
  await expect(building).rejects.toThrow(/can't resolve dependencies of the Notes.*RedisWriter\(default\)/);
});

test('two named instances follow a failover each, and nothing of the other', async () => {
  const { context, logs } = await startModules([
    replicationOf(group.endpoints, { name: 'notes', boot: 'required' }),
    replicationOf(other.endpoints, { name: 'sessions', boot: 'required' }),
  ]);
  const notes = describeApp(context, logs, 'notes');
  const sessions = describeApp(context, logs, 'sessions');
  await swap(group);
  await whenSteadyOn(notes.topology$, group.replicas[0]?.endpoint ?? '');
  await notes.writer.set('mine', 'notes');
  await sessions.writer.set('mine', 'sessions');
  expect(notes.writer.stream.remotePort).toBe(group.replicas[0]?.port);
  expect(sessions.writer.stream.remotePort).toBe(other.master.port);
  expect(await sessions.topology()).toMatchObject({ generation: 1, master: other.master.endpoint });

  await swap(other);
  await whenSteadyOn(sessions.topology$, other.replicas[0]?.endpoint ?? '');
  await sessions.writer.append('mine', ' again');
  expect(await sessions.writer.get('mine')).toBe('sessions again');
  expect(await notes.writer.get('mine')).toBe('notes');
  expect(await notes.topology()).toMatchObject({ generation: 2 });
  expect(logs.of('RedisReplication(notes)').filter(({ code }) => code === 'RR101')).toHaveLength(1);
  expect(logs.of('RedisReplication(sessions)').filter(({ code }) => code === 'RR101')).toHaveLength(1);
});

test('commands, pipelines and duplicates work where a tool hands out a proxy of every provider', async () => {
  const context = await NestFactory.createApplicationContext(
    replicationOf(group.endpoints, { boot: 'required', readFrom: 'master' }),
    {
      logger: false,
      abortOnError: false,
      instrument: {
        instanceDecorator: (instance: unknown) =>
          typeof instance === 'object' && instance !== null ? new Proxy(instance, {}) : instance,
      },
    },
  );
  onTestFinished(() => context.close());
  const writer: Redis = context.get(getRedisWriterToken());
  const reader: Redis = context.get(getRedisReaderToken());
  await writer.set('key', 'value');
  expect(await reader.get('key')).toBe('value');
  expect(await writer.pipeline().incr('count').incr('count').exec()).toEqual([
    [null, 1],
    [null, 2],
  ]);
  expect(await writer.multi().del('count').exec()).toEqual([[null, 1]]);
  const duplicate = writer.duplicate();
  expect(await duplicate.get('key')).toBe('value');
  duplicate.disconnect();
  const to = await swap(group);
  expect(await writer.set('key', 'after the failover')).toBe('OK');
  expect(`127.0.0.1:${writer.stream.remotePort}`).toBe(to);
});

function defineDouble(redis: Redis): (key: string) => Promise<unknown> {
  redis.defineCommand('double', { numberOfKeys: 1, lua: "return redis.call('GET', KEYS[1]) * 2" });
  const double: unknown = Reflect.get(redis, 'double');
  if (typeof double !== 'function') throw new Error('It was not defined');
  return async (key) => {
    const result: unknown = await Reflect.apply(double, redis, [key]);
    return result;
  };
}

test('a writer that was injected before a failover is the one that works after it', async () => {
  const { context } = await startApp(group.endpoints, {}, { providers: [Notes] });
  const { writer } = context.get(Notes);
  const double = defineDouble(writer);
  await writer.set('number', '21');
  await swap(group);
  expect(await writer.set('number', '4')).toBe('OK');
  expect(writer.stream.remotePort).toBe(group.replicas[0]?.port);
  expect(await double('number')).toBe(8);
});

test('the topology is replayed to whoever subscribes late, and every subscriber sees the same', async () => {
  const { context, topology$ } = await startApp(group.endpoints);
  const first = lastValueFrom(topology$.pipe(toArray()));
  await whenSteadyOn(topology$, await swap(group));
  const late = lastValueFrom(topology$.pipe(toArray()));
  await context.close();
  const [all, rest] = [await first, await late];
  expect(rest.length).toBeGreaterThan(0);
  expect(all.slice(-rest.length)).toEqual(rest);
  expect(rest[0]).toMatchObject({ kind: 'steady', generation: 2 });
});

test('the topology completes at shutdown, also for those who subscribe afterwards', async () => {
  const { context, topology$ } = await startApp(group.endpoints);
  await context.close();
  expect(await lastValueFrom(topology$)).toMatchObject({ kind: 'steady', master: group.master.endpoint });
});

test('every topology of a failover survives JSON unchanged', async () => {
  const { context, topology$ } = await startApp(group.endpoints);
  const all = lastValueFrom(topology$.pipe(toArray()));
  await whenSteadyOn(topology$, await swap(group));
  await context.close();
  for (const topology of await all) {
    expect(JSON.parse(JSON.stringify(topology))).toEqual(topology);
  }
});

test('a global instance and a named one live side by side', async () => {
  const { context, logs } = await startModules([
    replicationOf(group.endpoints, { isGlobal: true, boot: 'required' }),
    replicationOf(other.endpoints, { name: 'sessions', boot: 'required' }),
    { module: NotesModule },
  ]);
  expect(context.get(NotesModule).notes.writer.stream.remotePort).toBe(group.master.port);
  expect(describeApp(context, logs, 'sessions').writer.stream.remotePort).toBe(other.master.port);
});
