import { connect, type Socket } from 'node:net';
import { AbstractConnector, Command, Redis, type RedisOptions } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import {
  commandOf,
  dropLateReadyChecks,
  endReconnecting,
  forgetManualClose,
  isPipeline,
  isSettled,
  markRejection,
  skipMember,
  takeInFlight,
  type CommandItem,
  type CommandStream,
} from '../../../lib/connections/ioredis/internals.js';
import { startFakeNode, type FakeNode, type FakeNodeOptions } from '../../support/fake-node.js';
import { findFreePort } from '../../../lib/testing/servers/free-port.js';
import { until } from '../../../lib/testing/servers/until.js';
import { emitted } from '../../support/emitted.js';

/*
 * These tests use no other part of this library than `internals.ts`. If a new version of ioredis fails one of them, the
 * comment at the top of that file says which assumption no longer holds.
 */

async function fakeNode(options?: FakeNodeOptions): Promise<FakeNode> {
  const node = await startFakeNode(options);
  onTestFinished(() => node.stop());
  return node;
}

/** Records the calls of the two methods that this library overrides. */
class Recorder extends Redis {
  readonly sent: { readonly name: string; readonly status: string; readonly inPipeline: boolean }[] = [];
  readonly errors: string[] = [];

  override sendCommand(command: Command, stream?: CommandStream): unknown {
    this.sent.push({ name: command.name, status: this.status, inPipeline: isPipeline(stream) });
    return super.sendCommand(command, stream);
  }

  override handleReconnection(error: Error, item: CommandItem): void {
    this.errors.push(`${commandOf(item)?.name}: ${error.message}`);
    super.handleReconnection(error, item);
  }
}

function connectTo(
  node: { readonly port: number },
  options: Omit<RedisOptions, 'replyMapping'> = {},
): Recorder {
  const redis = new Recorder({
    host: '127.0.0.1',
    port: node.port,
    lazyConnect: true,
    retryStrategy: () => 0,
    ...options,
  });
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  return redis;
}

test('sendCommand is called for every command, with the stream of the pipeline for those of a pipeline', async () => {
  const redis = connectTo(await fakeNode());
  await redis.connect();
  redis.sent.splice(0);
  await redis.set('key', 1);
  await redis.pipeline().incr('key').get('key').exec();
  await redis.call('ping');
  expect(redis.sent).toEqual([
    { name: 'set', status: 'ready', inPipeline: false },
    { name: 'incr', status: 'ready', inPipeline: true },
    { name: 'get', status: 'ready', inPipeline: true },
    { name: 'ping', status: 'ready', inPipeline: false },
  ]);
});

test('handleReconnection is called for every error reply, and for nothing else', async () => {
  const node = await fakeNode();
  const redis = connectTo(node);
  await redis.connect();
  redis.errors.splice(0);
  node.refuse('READONLY no', 'SET');
  await expect(redis.set('key', 1)).rejects.toThrow('READONLY no');
  await redis.pipeline().get('key').set('key', 2).exec();
  expect(redis.errors).toEqual(['set: READONLY no', 'set: READONLY no']);
});

test('commandQueue holds the commands that were written but not answered, in order', async () => {
  const node = await fakeNode();
  const redis = connectTo(node, { autoResendUnfulfilledCommands: false });
  await redis.connect();
  node.hang('SET', 'GET');
  const replies = Promise.allSettled([redis.set('key', 1), redis.pipeline().get('key').incr('key').exec()]);
  const items = takeInFlight(redis);
  expect(items.map((item) => commandOf(item)?.name)).toEqual(['set', 'get', 'incr']);
  expect(redis.commandQueue.length).toBe(0);
  items.forEach((item) => item.command.reject(new Error('taken out')));
  expect(await replies).toMatchObject([{ status: 'rejected' }, { status: 'fulfilled' }]);
  // ioredis reports an error when it receives a reply for which it has no command.
  redis.disconnect();
});

test('the handshake runs in status connect and consists of known commands', async () => {
  const redis = connectTo(await fakeNode(), { db: 1, password: 'secret', connectionName: 'name' });
  await redis.connect();
  const handshake = redis.sent.filter(({ status }) => status === 'connect').map(({ name }) => name);
  expect(handshake).toContain('info');
  expect(handshake).toContain('select');
  for (const name of handshake) expect(['auth', 'client', 'hello', 'info', 'select']).toContain(name);
});

test('database and subscriptions are restored in status ready, before the event', async () => {
  const node = await fakeNode();
  const redis = connectTo(node, { protocol: 2 });
  await redis.connect();
  await redis.select(2);
  await redis.subscribe('channel');
  redis.sent.splice(0);
  redis.on('ready', () => redis.sent.push({ name: 'the event', status: 'ready', inPipeline: false }));
  node.dropConnections();
  await until('the event was emitted', () => redis.sent.some(({ name }) => name === 'the event'));
  const restored = redis.sent.filter(({ status }) => status === 'ready').map(({ name }) => name);
  expect(restored).toEqual(['select', 'subscribe', 'the event']);
  // If the connection were closed before they are answered, their rejections would be unhandled.
  await until('they are answered', () => redis.commandQueue.length === 0);
});

test('a ready check is dropped unless a handshake is under way', async () => {
  const redis = connectTo(await fakeNode());
  dropLateReadyChecks(redis);
  await redis.connect();
  redis.sent.splice(0);
  const check: unknown = Reflect.get(redis, '_readyCheck');
  if (typeof check !== 'function') throw new Error('ioredis has no ready check by that name');
  Reflect.apply(check, redis, [() => undefined]);
  expect(redis.sent).toEqual([]);
});

/** Skips every increment in a pipeline. */
class Skipping extends Redis {
  override sendCommand(command: Command, stream?: CommandStream): unknown {
    if (command.name !== 'incr' || stream === undefined) return super.sendCommand(command, stream);
    command.reject(new Error('skipped'));
    skipMember(stream);
    return command.promise;
  }
}

test('a skipped member of a pipeline does not prevent the others from being written', async () => {
  const node = await fakeNode();
  const redis = new Skipping({ port: node.port, host: '127.0.0.1', lazyConnect: true });
  onTestFinished(() => redis.disconnect());
  await redis.connect();
  const replies = await redis.pipeline().incr('a').set('b', 1).incr('c').exec();
  expect(replies?.map(([error]) => error?.message)).toEqual(['skipped', undefined, 'skipped']);
  expect(node.commands.filter(([name]) => name === 'incr')).toEqual([]);
});

test('disconnect between two attempts ends the connection', async () => {
  const port = await findFreePort();
  const redis = connectTo({ port }, { retryStrategy: () => 60_000 });
  await expect(redis.connect()).rejects.toThrow();
  expect(redis.status).toBe('reconnecting');
  endReconnecting(redis);
  redis.disconnect();
  expect(redis.status).toBe('end');
});

test('a connection that was closed without a socket reconnects after it was reopened', async () => {
  const node = await fakeNode();
  const hungUp: ((reason: Error) => void)[] = [];
  class Connector extends AbstractConnector {
    constructor() {
      super(0);
    }

    override async connect() {
      return hungUp.length === 0
        ? new Promise<Socket>((_resolve, reject) => hungUp.push(reject))
        : connect(node.port, '127.0.0.1');
    }

    override disconnect(): void {
      hungUp[0]?.(new Error('Connection is closed.'));
    }
  }
  const redis = connectTo(node, { Connector });
  const connected = redis.connect();
  redis.disconnect();
  await expect(connected).rejects.toThrow('Connection is closed.');
  expect(Reflect.get(redis, 'manuallyClosing')).toBe(true);
  forgetManualClose(redis);
  await redis.connect();
  node.dropConnections();
  await emitted(redis, 'ready');
});

test('the connector provides the socket and checks the INFO of the node', async () => {
  const node = await fakeNode({ runId: 'this-very-run' });
  const infos: unknown[] = [];
  class Connector extends AbstractConnector {
    constructor() {
      super(0);
    }

    override async connect() {
      return connect(node.port, '127.0.0.1');
    }

    override check(info: unknown): boolean {
      infos.push(info);
      return infos.length > 1;
    }

    override disconnect(): void {
      redis.stream.destroy();
    }
  }
  const redis = connectTo(node, { Connector });
  redis.connect().catch(() => undefined);
  await emitted(redis, 'ready');
  expect(infos).toHaveLength(2);
  expect(infos[1]).toMatchObject({ role: 'master', run_id: 'this-very-run' });
});

test('a command knows whether it is settled', async () => {
  const [resolved, rejected, timedOut] = ['get', 'get', 'get'].map((name) => new Command(name, ['key']));
  for (const command of [resolved, rejected, timedOut]) {
    if (command === undefined) throw new Error('There are three');
    markRejection(command);
    expect(isSettled(command)).toBe(false);
    command.promise.catch(() => undefined);
  }
  resolved?.resolve('value');
  rejected?.reject(new Error('no'));
  timedOut?.setTimeout(1);
  await expect(timedOut?.promise).rejects.toThrow('Command timed out');
  expect([resolved, rejected, timedOut].map((each) => each && isSettled(each))).toEqual([true, true, true]);
});
