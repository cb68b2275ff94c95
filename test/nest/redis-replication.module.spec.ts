import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Redis } from 'ioredis';
import {
  getRedisFailoversToken,
  getRedisReaderToken,
  getRedisTopologyToken,
  getRedisWriterToken,
  InjectRedisReader,
  InjectRedisTopology,
  InjectRedisWriter,
  RedisReplicationConnections,
  RedisReplicationModule,
  staticNodes,
} from 'nestjs-redis-replication';
import { NEVER } from 'rxjs';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { startFakeNode, type FakeNode } from '../support/fake-node.js';
import { recordLogs } from '../support/recorded-logs.js';
import { describeApp, replicationOf, startModules } from '../support/test-app.js';
import { until } from '../../lib/testing/servers/until.js';

let node: FakeNode;

beforeEach(async () => {
  node = await startFakeNode();
});

afterEach(() => node.stop());

const source = staticNodes(['127.0.0.1:6379']);

test('forRootAsync without a way to get options names the ways', () => {
  expect(() => RedisReplicationModule.forRootAsync({ imports: [] })).toThrow(
    'RedisReplicationModule.forRootAsync needs one of useFactory, useClass, useExisting',
  );
});

test.each([
  [7, '7'],
  ['', '""'],
  [null, 'null'],
])('the name %j is refused when the module is imported', (name, shown) => {
  const message = `option "name" is ${shown}; allowed is a non-empty string`;
  // Like plain JavaScript, without type checks.
  const importWith = (method: 'forRoot' | 'forRootAsync', options: object) => () => {
    Reflect.apply(RedisReplicationModule[method], RedisReplicationModule, [{ ...options, name }]);
  };
  expect(importWith('forRoot', { source })).toThrow(message);
  expect(importWith('forRootAsync', { useFactory: () => ({ source }) })).toThrow(message);
});

test.each(['forRoot', 'forRootAsync'] as const)(
  '%s without options, or with a wrong isGlobal, says so',
  (method) => {
    const callWith =
      (...options: unknown[]) =>
      () => {
        Reflect.apply(RedisReplicationModule[method], RedisReplicationModule, options);
      };
    expect(callWith()).toThrow(
      new TypeError(`RedisReplicationModule.${method}: option "options" is undefined; allowed is an object`),
    );
    expect(callWith({ source, isGlobal: 'true' })).toThrow(
      `RedisReplicationModule.${method}: option "isGlobal" is "true", a boolean in a string; allowed is true or false`,
    );
  },
);

class Factory {
  createRedisReplicationOptions() {
    return { source: staticNodes([node.endpoint]) };
  }
}

class WrongFactory extends Factory {}
Reflect.set(WrongFactory.prototype, 'createRedisReplicationOptions', undefined);

@Module({})
class Factories {}

test('a factory class provides the options, by useClass and by useExisting', async () => {
  const byClass = RedisReplicationModule.forRootAsync({ useClass: Factory });
  const { context } = await startModules([byClass]);
  expect(await context.get<Redis>(getRedisWriterToken()).set('key', 'value')).toBe('OK');
  const factories = { module: Factories, providers: [Factory], exports: [Factory] };
  const byExisting = RedisReplicationModule.forRootAsync({ imports: [factories], useExisting: Factory });
  const second = await startModules([byExisting]);
  expect(await second.context.get<Redis>(getRedisWriterToken()).set('key', 'value')).toBe('OK');
});

test('a factory class without the method fails the boot with the names of both', async () => {
  const module = RedisReplicationModule.forRootAsync({ useClass: WrongFactory });
  await expect(startModules([module])).rejects.toThrow(
    'RedisReplicationModule.forRootAsync: WrongFactory has no method createRedisReplicationOptions()',
  );
});

test('two imports under one name fail the boot; one import in several modules does not', async () => {
  const twice = startModules([replicationOf([node.endpoint]), replicationOf([node.endpoint])]);
  await expect(twice).rejects.toThrow(
    'RedisReplicationModule(default) is imported more than once: give each group a "name" of its own',
  );
  const named = { name: 'notes' };
  const shared = replicationOf([node.endpoint], named);
  const once = await startModules([shared, { module: Factories, imports: [shared] }]);
  expect(once.context.get(getRedisWriterToken('notes'))).toBeInstanceOf(Redis);
});

test('an option of ioredis that is not known is passed on with a warning', async () => {
  const redis: object = { ringBuffer: true };
  const { logs } = await startModules([replicationOf([node.endpoint], { redis })]);
  expect(logs.of().filter(({ level }) => level === 'warn')).toEqual([
    expect.objectContaining({
      text: 'option "redis.ringBuffer" is not known here; it is passed on to ioredis',
    }),
  ]);
});

test('an invalid option fails the boot with its name, its value and the allowed values', async () => {
  const booting = startModules([replicationOf([node.endpoint], { name: 'notes', pollIntervalMs: 0 })]);
  await expect(booting).rejects.toThrow(
    'RedisReplicationModule(notes): option "pollIntervalMs" is 0; allowed is a number of milliseconds from 10 to ',
  );
  expect(node.commands).toEqual([]);
});

test('a factory that fails fails the boot with its own error', async () => {
  const module = RedisReplicationModule.forRootAsync({
    useFactory: () => Promise.reject(new Error('no such secret')),
  });
  await expect(startModules([module])).rejects.toThrow('no such secret');
});

test('tokens are derived from the name, and the decorators inject by them', async () => {
  expect([getRedisWriterToken(), getRedisReaderToken(), getRedisTopologyToken()]).toEqual([
    getRedisWriterToken('default'),
    getRedisReaderToken('default'),
    getRedisTopologyToken('default'),
  ]);
  @Injectable()
  class Consumer {
    constructor(
      @InjectRedisWriter('notes') readonly writer: unknown,
      @InjectRedisReader('notes') readonly reader: unknown,
      @InjectRedisTopology('notes') readonly topology$: unknown,
    ) {}
  }
  const { context, logs } = await startModules([replicationOf([node.endpoint], { name: 'notes' })], {
    providers: [Consumer],
  });
  const { writer, reader, topology$ } = describeApp(context, logs, 'notes');
  expect(context.get(Consumer)).toMatchObject({ writer, reader, topology$ });
  expect(() => context.get<unknown>(getRedisWriterToken())).toThrow(/could not find RedisWriter\(default\)/);
});

test('the decorators work on properties too', async () => {
  class Consumer {
    @InjectRedisWriter() readonly writer: unknown;
  }
  const { context } = await startModules([replicationOf([node.endpoint])], { providers: [Consumer] });
  expect(context.get(Consumer).writer).toBeInstanceOf(Redis);
});

test('no socket is opened if a test overrides all three tokens', async () => {
  const writer = { set: () => 'overridden' };
  const { context } = await startModules([replicationOf([node.endpoint], { boot: 'required' })], {
    override: (builder) =>
      builder
        .overrideProvider(getRedisWriterToken())
        .useValue(writer)
        .overrideProvider(getRedisReaderToken())
        .useValue({})
        .overrideProvider(getRedisTopologyToken())
        .useValue(NEVER),
  });
  expect(context.get<unknown>(getRedisWriterToken())).toBe(writer);
  await context.close();
  expect(node.commands).toEqual([]);
  expect(node.connections).toBe(0);
});

test('no socket is opened if a test overrides only the writer', async () => {
  const { context } = await startModules([replicationOf([node.endpoint], { boot: 'required' })], {
    override: (builder) => builder.overrideProvider(getRedisWriterToken()).useValue({}),
  });
  expect(context.get<unknown>(getRedisReaderToken())).toBeInstanceOf(Redis);
  await context.close();
  expect(node.commands).toEqual([]);
  expect(node.connections).toBe(0);
});

test('the writer works if a test overrides only the reader', async () => {
  const { context } = await startModules([replicationOf([node.endpoint], { boot: 'required' })], {
    override: (builder) => builder.overrideProvider(getRedisReaderToken()).useValue({}),
  });
  const writer: Redis = context.get(getRedisWriterToken());
  expect(await writer.set('key', 'value')).toBe('OK');
});

test('no connection is open before the app starts or after it ends', async () => {
  const context = await Test.createTestingModule({ imports: [replicationOf([node.endpoint])] })
    .setLogger(recordLogs())
    .compile();
  onTestFinished(() => context.close());
  expect(node.commands).toEqual([]);
  await context.init();
  const writer: Redis = context.get(getRedisWriterToken());
  await writer.set('key', 'value');
  expect(node.connections).toBeGreaterThan(1);
  await context.close();
  await until('every socket is closed', () => node.connections === 0);
  expect(writer.status).toBe('end');
});

test('with lazyConnect the writer connects at its first command', async () => {
  const { context } = await startModules([
    replicationOf([node.endpoint], { redis: { lazyConnect: true }, readFrom: 'master' }),
  ]);
  const writer: Redis = context.get(getRedisWriterToken());
  const reader: Redis = context.get(getRedisReaderToken());
  expect([writer.status, reader.status]).toEqual(['wait', 'wait']);
  expect(await writer.set('key', 'value')).toBe('OK');
  expect([writer.status, reader.status]).toEqual(['ready', 'wait']);
});

test('connections of all instances are found by name at run time, also if a test has replaced them', async () => {
  const fake = { get: () => 'fake' };
  const { context, logs } = await startModules(
    [replicationOf([node.endpoint]), replicationOf([node.endpoint], { name: 'sessions' })],
    { override: (builder) => builder.overrideProvider(getRedisReaderToken('sessions')).useValue(fake) },
  );
  const connections = context.get(RedisReplicationConnections);
  expect(connections.names).toEqual(['default', 'sessions']);
  const app = describeApp(context, logs);
  const { topology$, writer, reader } = app;
  const failovers: unknown = context.get(getRedisFailoversToken());
  expect(connections.get()).toEqual({ kind: 'group', topology$, writer, reader, failovers });
  expect(connections.get('sessions').writer).toBe(context.get(getRedisWriterToken('sessions')));
  expect(connections.get('sessions').reader).toBe(fake);
  expect(() => connections.get('session')).toThrow(
    new TypeError('there is no instance "session"; known are "default", "sessions"'),
  );
});
