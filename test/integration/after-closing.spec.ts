import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { NotAppliedError, UnknownOutcomeError } from 'nestjs-redis-replication';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openReplication } from '../support/open-replication.js';
import { startRedisServer, type RedisServer } from '../../lib/testing/servers/redis-server.js';
import { startProxy, type TcpProxy } from '../../lib/testing/network/tcp-proxy.js';
import { until } from '../../lib/testing/servers/until.js';
import { emitted } from '../support/emitted.js';

let server: RedisServer;
let proxy: TcpProxy;

beforeAll(async () => {
  server = await startRedisServer({});
});

beforeEach(async () => {
  await server.command('FLUSHALL');
  proxy = await startProxy(server.port);
});

afterEach(() => proxy.stop());

afterAll(() => server.stop());

const open = async () => (await openReplication([proxy.endpoint])).writer;

const failureOf = (command: Promise<unknown>) => command.catch((error: unknown) => error);

/** Every way to issue a command, as the errors that it ends in. */
async function failuresOf(writer: Redis): Promise<unknown[]> {
  const single = failureOf(writer.incr('counter'));
  const pipeline = writer.pipeline().incr('counter').get('counter').exec();
  const transaction = failureOf(writer.multi().incr('counter').exec());
  const members = ((await pipeline) ?? []).map(([error]) => error);
  return [await single, ...members, await transaction];
}

function expectNotApplied(errors: readonly unknown[]): void {
  for (const error of errors) {
    expect(error).toBeInstanceOf(NotAppliedError);
    // The whole message, because BullMQ compares it.
    expect(error).toMatchObject({ code: 'NOT_APPLIED', message: 'Connection is closed.' });
  }
}

test('what is issued after disconnect was not applied, before the connection has ended and after', async () => {
  const writer = await open();
  writer.disconnect();
  expect(writer.status).not.toBe('end');
  const between = await failuresOf(writer);
  expect(between).toHaveLength(4);
  expectNotApplied(between);
  await until('it has ended', () => writer.status === 'end');
  expectNotApplied(await failuresOf(writer));
  expect(await server.command('EXISTS', 'counter')).toBe(0);
});

test('what is issued after quit was not applied, and is not sent', async () => {
  const writer = await open();
  const before = writer.incr('counter');
  const quit = writer.quit();
  const after = failuresOf(writer);
  expect(await Promise.all([before, quit])).toEqual([1, 'OK']);
  expectNotApplied(await after);
  await until('it has ended', () => writer.status === 'end');
  expectNotApplied(await failuresOf(writer));
  expect(await server.command('GET', 'counter')).toBe('1');
});

test('what was sent, and has no reply when the app disconnects, is unknown; a read was not applied', async () => {
  const writer = await open();
  proxy.swallowReplies();
  const [write, read] = [failureOf(writer.incr('counter')), failureOf(writer.get('counter'))];
  const transaction = failureOf(writer.multi().incr('counter').exec());
  const blocked = failureOf(writer.blpop('list', 0));
  await until('the server has executed it', async () => (await server.command('GET', 'counter')) === '2');
  writer.disconnect();
  proxy.cut();
  for (const error of [await write, await blocked, await transaction]) {
    expect(error).toBeInstanceOf(UnknownOutcomeError);
    expect(error).toMatchObject({ code: 'UNKNOWN_OUTCOME', message: 'Connection is closed.' });
  }
  expectNotApplied([await read]);
});

test('a connection that has quit can be opened again', async () => {
  const writer = await open();
  await writer.quit();
  if (writer.status !== 'end') await emitted(writer, 'end');
  await writer.connect();
  expect(await writer.incr('counter')).toBe(1);
});

test('a BullMQ worker that is closed while it waits for a job reports no error', async () => {
  const writer = await open();
  const errors: unknown[] = [];
  const worker = new Worker('idle', async () => undefined, { connection: writer, autorun: false });
  worker.on('error', (error) => errors.push(error));
  const running = worker.run();
  await until('it waits', async () =>
    String(await server.command('CLIENT', 'LIST')).includes('cmd=bzpopmin'),
  );
  await worker.close(true);
  await running;
  expect(errors).toEqual([]);
});

test('what is under way when the app disconnects is rejected once the connection has ended, as with ioredis', async () => {
  const writer = await open();
  const ended = emitted(writer, 'end');
  const status = writer.blpop('nothing', 0).catch(() => writer.status);
  await until('the server waits for data', async () =>
    String(await server.command('INFO', 'clients')).includes('blocked_clients:2'),
  );
  writer.disconnect();
  // BullMQ connects anew if a blocking call fails on a connection that has not ended, and then waits for its end.
  expect(await status).toBe('end');
  await ended;
});
