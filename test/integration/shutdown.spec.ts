import { fork } from 'node:child_process';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Controller, Get } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { Redis } from 'ioredis';
import { InjectRedisWriter, NotAppliedError } from 'nestjs-redis-replication';
import { Subject, firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startFakeNode, type FakeNode, type FakeNodeOptions } from '../support/fake-node.js';
import { recordLogs } from '../support/recorded-logs.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { replicationOf, startApp } from '../support/test-app.js';
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

/** Unlike `once` of Node, it does not end with an error that is emitted before. */
async function emitted(redis: Redis, event: string): Promise<void> {
  await new Promise<void>((resolve) => redis.once(event, () => resolve()));
}

async function millisecondsOf(work: Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work;
  return performance.now() - startedAt;
}

test('a request that is still served while the app closes can write', async () => {
  const [entered$, gate$] = [new Subject<void>(), new Subject<void>()];
  @Controller()
  class SlowController {
    constructor(@InjectRedisWriter() private readonly writer: Redis) {}

    @Get('slow')
    async slow(): Promise<string | null> {
      const gate = firstValueFrom(gate$, { defaultValue: undefined });
      entered$.next();
      await gate;
      await this.writer.set('slow', 'written');
      return this.writer.get('slow');
    }
  }
  const module = await Test.createTestingModule({
    imports: [replicationOf(group.endpoints, { boot: 'required' })],
    controllers: [SlowController],
  })
    .setLogger(recordLogs())
    .compile();
  const app = module.createNestApplication<NestExpressApplication>();
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');
  const server = app.getHttpServer();
  const entered = firstValueFrom(entered$);
  // Without an agent, since a connection that is kept alive would hold up the server that closes.
  const request = get(`${await app.getUrl()}/slow`, { agent: false });
  const responding = new Promise<IncomingMessage>((resolve) => request.once('response', resolve));
  await entered;
  const closing = app.close();
  // By then every hook that runs before HTTP has drained is over.
  await until('no new request is accepted', () => !server.listening);
  gate$.next();
  expect((await responding).statusCode).toBe(200);
  await closing;
  expect(await group.master.command('GET', 'slow')).toBe('written');
});

test('closing leaves no connection on any server, and does it at once', async () => {
  const { context, writer } = await startApp(group.endpoints);
  await writer.set('key', 'value');
  expect(await millisecondsOf(context.close())).toBeLessThan(500);
  for (const node of group.nodes) {
    const isAlone = async () =>
      !String(await node.command('CLIENT', 'LIST')).includes('nestjs-redis-replication');
    await until(`nobody watches ${node.endpoint}`, isAlone);
  }
});

test('what was sent before the app closes is answered', async () => {
  const { context, writer } = await startApp(group.endpoints);
  const writes = Array.from({ length: 100 }, (_, index) => writer.set(`last:${index}`, 'value'));
  await context.close();
  expect(await Promise.all(writes)).toEqual(Array.from(writes, () => 'OK'));
});

test('closing is bounded where the master hangs, and every command ends', async () => {
  const { context, writer } = await startApp(group.endpoints, { shutdownTimeoutMs: 200 });
  group.master.hang();
  onTestFinished(() => group.master.resume());
  const ending = writer.incr('counter').catch((error: unknown) => error);
  expect(await millisecondsOf(context.close())).toBeLessThan(1000);
  const error = await ending;
  expect(error).toBeInstanceOf(Error);
  await until('its socket is gone', () => writer.status === 'end');
});

test('closing is bounded where every node accepts connections and says nothing', async () => {
  const node = await fakeNode();
  node.hang();
  const { context } = await startApp([node.endpoint], { boot: 'background', shutdownTimeoutMs: 200 });
  await until('it was dialled', () => node.connections > 0);
  expect(await millisecondsOf(context.close())).toBeLessThan(1000);
  await until('every socket is closed', () => node.connections === 0);
});

test('closing does not wait for a connection that was lost', async () => {
  let silent = false;
  // Only the connections of the app introduce themselves with the name of their library.
  const isIntroduction = ([name, word]: readonly string[]) => name === 'client' && word === 'SETINFO';
  const node = await fakeNode({ onCommand: (argv) => (silent && isIntroduction(argv) ? 'hang' : undefined) });
  const { context, writer } = await startApp([node.endpoint], { shutdownTimeoutMs: 5000 });
  silent = true;
  node.dropConnections();
  await emitted(writer, 'connect');
  node.refuseConnections();
  node.dropConnections();
  await emitted(writer, 'close');
  expect(await millisecondsOf(context.close())).toBeLessThan(1000);
});

test('commands that wait for a master are rejected as not applied', async () => {
  const node = await fakeNode({ role: 'replica' });
  const { context, writer } = await startApp([node.endpoint], { boot: 'background' });
  const held = writer.set('key', 'value').catch((error: unknown) => error);
  await context.close();
  expect(await held).toBeInstanceOf(NotAppliedError);
  expect(await held).toMatchObject({ code: 'NOT_APPLIED', command: 'set' });
});

test('commands are refused after the app has closed', async () => {
  const { context, writer, reader } = await startApp(group.endpoints);
  await context.close();
  await expect(writer.set('key', 'value')).rejects.toThrow(/closed/);
  await expect(reader.get('key')).rejects.toThrow(/closed/);
});

test('closing twice, and after the app itself has quit its connections, does not throw', async () => {
  const { context, writer, reader, logs } = await startApp(group.endpoints);
  await writer.quit();
  reader.disconnect();
  await context.close();
  await context.close();
  expect(logs.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

test('duplicates that the app forgot end with it', async () => {
  const { context, writer } = await startApp(group.endpoints);
  const duplicate = writer.duplicate();
  await emitted(duplicate, 'ready');
  await context.close();
  await until('it has ended', () => duplicate.status === 'end');
});

test('an app that listens to signals ends by one', async () => {
  const script = fileURLToPath(new URL('../support/signalled-app.ts', import.meta.url));
  const child = fork(script, [...group.endpoints], { execArgv: ['--import', 'tsx'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  expect(await once(child, 'message')).toEqual(['OK', undefined]);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
});
