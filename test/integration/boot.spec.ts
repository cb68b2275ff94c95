import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { getRedisWriterToken, InjectRedisWriter } from 'nestjs-redis-replication';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startFakeNode, type FakeNode, type FakeNodeOptions } from '../support/fake-node.js';
import { findFreePort } from '../../lib/testing/servers/free-port.js';
import { recordLogs } from '../support/recorded-logs.js';
import { startRedisServer } from '../../lib/testing/servers/redis-server.js';
import { error } from '../support/resp.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { replicationOf, startApp, startModules } from '../support/test-app.js';
import { until } from '../../lib/testing/servers/until.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup({ replicas: 1 });
});

afterAll(() => group.stop());

async function fakeNode(options?: FakeNodeOptions): Promise<FakeNode> {
  const node = await startFakeNode(options);
  onTestFinished(() => node.stop());
  return node;
}

test('a required boot ends with a writer that is ready', async () => {
  const { writer } = await startApp(group.endpoints, { boot: 'required' });
  expect(writer.status).toBe('ready');
});

test('a required boot that fails names what was seen on each node', async () => {
  const [wrongPassword, replica, port] = [
    await fakeNode(),
    await fakeNode({ role: 'replica' }),
    await findFreePort(),
  ];
  wrongPassword.refuse('WRONGPASS invalid username-password pair or user is disabled.');
  const nodes = [`127.0.0.1:${port}`, replica.endpoint, wrongPassword.endpoint];
  const starting = startApp(nodes, { boot: 'required', bootTimeoutMs: 1000 });
  const outcome: unknown = await starting.catch((reason: unknown) => reason);
  if (!(outcome instanceof Error)) throw new Error('It has started');
  const { message } = outcome;
  expect(message).toContain('no writer within 1000 ms (option "bootTimeoutMs"): no node is a master: ');
  expect(message).toContain(`127.0.0.1:${port} (REFUSED: connect ECONNREFUSED 127.0.0.1:${port})`);
  expect(message).toContain(`${replica.endpoint} (replica, link up)`);
  expect(message).toContain(
    `${wrongPassword.endpoint} (WRONGPASS: WRONGPASS invalid username-password pair or user is disabled.)`,
  );
});

test('a failed boot leaves no socket, and closing it does not throw', async () => {
  const node = await fakeNode({ role: 'replica' });
  const app = await Test.createTestingModule({
    imports: [replicationOf([node.endpoint], { boot: 'required', bootTimeoutMs: 1000 })],
  })
    .setLogger(recordLogs())
    .compile();
  await expect(app.init()).rejects.toThrow('no writer within 1000 ms');
  await until('every socket is closed', () => node.connections === 0);
  await app.close();
  const commands = node.commands.length;
  expect(node.connections).toBe(0);
  expect(node.commands).toHaveLength(commands);
});

test('a required boot that fails though there is a master says why the writer cannot use it', async () => {
  // Observers have their connections, and there is none left for the writer.
  const node = await fakeNode({
    onCommand: ([name]) => (name === 'info' ? error('ERR max number of clients reached') : undefined),
  });
  const starting = startApp([node.endpoint], { boot: 'required', bootTimeoutMs: 1000 });
  await expect(starting).rejects.toThrow(
    'no writer within 1000 ms (option "bootTimeoutMs"): ' +
      `${node.endpoint} is the master, but the writer cannot use it: ERR max number of clients reached`,
  );
});

test('a required boot outlives a first handshake that fails', async () => {
  let drops = 0;
  // Only the connections of the app introduce themselves with the name of their library.
  const node = await fakeNode({
    onCommand: ([name, word]) => {
      const isFirst = name === 'client' && word === 'SETINFO' && drops === 0;
      drops += isFirst ? 1 : 0;
      return isFirst ? 'drop' : undefined;
    },
  });
  // Without a replica, only the writer connects.
  const { writer } = await startApp([node.endpoint], { boot: 'required', readFrom: 'replica' });
  expect(drops).toBe(1);
  expect(writer.status).toBe('ready');
});

test('a required boot works where a provider writes in its constructor', async () => {
  @Injectable()
  class Counter {
    readonly count: Promise<number>;
    constructor(@InjectRedisWriter() writer: Redis) {
      this.count = writer.incr('constructed');
    }
  }
  const { context } = await startApp(group.endpoints, { boot: 'required' }, { providers: [Counter] });
  expect(await context.get(Counter).count).toBe(1);
});

test('a required boot works where a BullMQ queue connects the writer first', async () => {
  const queue = {
    provide: 'queue',
    inject: [getRedisWriterToken()],
    useFactory: (connection: Redis) => new Queue('mails', { connection }),
  };
  const { context } = await startApp(group.endpoints, { boot: 'required' }, { providers: [queue] });
  const mails: Queue = context.get('queue');
  expect(await mails.add('welcome', {})).toMatchObject({ name: 'welcome' });
  await mails.close();
});

test('a background boot starts while everything is down, and works once a master comes', async () => {
  const port = await findFreePort();
  const { writer, logs } = await startApp([`127.0.0.1:${port}`], { boot: 'background' });
  const written = writer.set('key', 'value');
  await until('the log says why writes wait', () =>
    logs.of().some(({ text }) => text.includes('writes are held')),
  );
  const server = await startRedisServer({ args: ['--port', String(port)] });
  onTestFinished(() => server.stop());
  expect(await written).toBe('OK');
});

test('an app that fails to compile opens no socket', async () => {
  const node = await fakeNode();
  const broken = {
    provide: 'broken',
    useFactory: () => {
      throw new Error('broken factory');
    },
  };
  await expect(startModules([replicationOf([node.endpoint])], { providers: [broken] })).rejects.toThrow(
    'broken factory',
  );
  expect(node.connections).toBe(0);
  expect(node.commands).toEqual([]);
});

test('an app whose other providers fail to start leaves no socket once it is closed', async () => {
  const node = await fakeNode();
  class Broken implements OnModuleInit {
    onModuleInit(): void {
      throw new Error('broken hook');
    }
  }
  const app = await Test.createTestingModule({
    imports: [replicationOf([node.endpoint], { boot: 'required' })],
    providers: [Broken],
  })
    .setLogger(recordLogs())
    .compile();
  await expect(app.init()).rejects.toThrow('broken hook');
  await app.close();
  await until('every socket is closed', () => node.connections === 0);
});
