import { once } from 'node:events';
import { createServer } from 'node:net';
import { Readable } from 'node:stream';
import { Redis, type RedisOptions } from 'ioredis';
import { RefusedCommandError, type RedisReplicationOptions } from 'nestjs-redis-replication';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FollowingRedis } from '../../lib/connections/following-redis.js';
import { laterSettings, ownedOptions } from '../../lib/connections/ioredis/redis-options.js';
import { startFakeNode, type FakeNode, type FakeNodeOptions } from '../support/fake-node.js';
import { createReplication, openReplication } from '../support/open-replication.js';
import { error, nil, simple } from '../support/resp.js';
import { until } from '../../lib/testing/servers/until.js';
import { membersOf, ownMembersOf } from './ioredis-types.js';
import { emitted } from '../support/emitted.js';

/** Calls a method by its name. */
function invoke(redis: Redis, name: string, ...args: readonly unknown[]): unknown {
  const method: unknown = Reflect.get(redis, name);
  return typeof method === 'function' ? Reflect.apply(method, redis, args) : `there is no ${name}`;
}

type Settings = RedisReplicationOptions['redis'];

async function fakeNode(options?: FakeNodeOptions): Promise<FakeNode> {
  const node = await startFakeNode(options);
  onTestFinished(() => node.stop());
  return node;
}

async function open(redis: Settings = {}, options?: FakeNodeOptions) {
  const node = await fakeNode(options);
  const { writer } = await openReplication([node.endpoint], { redis });
  return { node, writer };
}

/** What ioredis itself has sent; observers send their commands in upper case. */
const sent = ({ commands }: FakeNode) =>
  commands.filter(([name = '']) => /[a-z]/.test(name)).map((argv) => argv.join(' '));

const options: Readonly<Record<string, () => Promise<void>>> = {
  async autoPipeliningIgnoredCommands() {
    const { writer } = await open({ enableAutoPipelining: true, autoPipeliningIgnoredCommands: ['get'] });
    const reply = writer.get('key');
    expect(writer.autoPipelineQueueSize).toBe(0);
    await reply;
  },
  async autoResubscribe() {
    const { node, writer } = await open({ autoResubscribe: false });
    const listener = writer.duplicate();
    onTestFinished(() => listener.disconnect());
    await listener.subscribe('news');
    node.dropConnections();
    await emitted(listener, 'close');
    await emitted(listener, 'ready');
    await listener.ping();
    expect(sent(node).filter((text) => text === 'subscribe news')).toHaveLength(1);
  },
  async blockingTimeout() {
    const { writer } = await open(
      { blockingTimeout: 30 },
      { onCommand: ([name]) => (name === 'blpop' ? 'hang' : undefined) },
    );
    expect(await writer.blpop('list', 0)).toBeNull();
  },
  async blockingTimeoutGrace() {
    const redis = { blockingTimeout: 60_000, blockingTimeoutGrace: 1 };
    const { writer } = await open(redis, { onCommand: ([name]) => (name === 'blpop' ? 'hang' : undefined) });
    expect(await writer.blpop('list', 0.03)).toBeNull();
  },
  async clientInfoTag() {
    const { node } = await open({ clientInfoTag: 'tag' });
    expect(sent(node)).toContain('client SETINFO LIB-NAME ioredis(tag)');
  },
  async commandTimeout() {
    const { node, writer } = await open({ commandTimeout: 30 });
    node.hang('GET');
    await expect(writer.get('key')).rejects.toThrow('Command timed out');
  },
  async connectTimeout() {
    let hanging = 2;
    const onCommand = ([name]: readonly string[]) =>
      name === 'hello' && (hanging -= 1) >= 0 ? 'hang' : undefined;
    const { writer } = await open({ connectTimeout: 50 }, { onCommand });
    expect(await writer.set('key', 'value')).toBe('OK');
  },
  async connectionName() {
    const { node } = await open({ connectionName: 'shop' });
    expect(sent(node)).toContainEqual(expect.stringMatching(/^client setname shop/i));
  },
  async db() {
    const { node } = await open({ db: 3 });
    expect(sent(node)).toContain('select 3');
  },
  async disableClientInfo() {
    const { node } = await open({ disableClientInfo: true });
    expect(sent(node).filter((text) => /^client setinfo/i.test(text))).toEqual([]);
  },
  async disconnectTimeout() {
    const { writer } = await open({ disconnectTimeout: 10 });
    writer.disconnect();
    await emitted(writer, 'end');
  },
  async enableAutoPipelining() {
    const { writer } = await open({ enableAutoPipelining: true });
    const replies = [writer.set('key', 1), writer.incr('key')];
    expect(writer.autoPipelineQueueSize).toBe(2);
    expect(await Promise.all(replies)).toEqual(['OK', 2]);
  },
  async family() {
    const node = await fakeNode();
    const { writer } = await openReplication([`localhost:${node.port}`], { redis: { family: 4 } });
    expect(Reflect.get(writer.stream, 'remoteFamily')).toBe('IPv4');
  },
  async himportFieldsets() {
    const himportFieldsets = [{ name: 'set', fields: ['a'] }];
    const { node } = await open(
      { himportFieldsets },
      { onCommand: ([name]) => (name === 'himport' ? simple('OK') : undefined) },
    );
    expect(sent(node)).toContain('himport PREPARE set a');
  },
  async keepAlive() {
    const { writer } = await open({ keepAlive: 1000 });
    expect(await writer.ping()).toBe('PONG');
  },
  async keyPrefix() {
    const { node, writer } = await open({ keyPrefix: 'shop:' });
    await writer.set('key', 'value');
    expect(node.data.get('shop:key')).toBe('value');
  },
  async lazyConnect() {
    const node = await fakeNode();
    const { writer, replication } = createReplication([node.endpoint], { redis: { lazyConnect: true } });
    expect(writer.status).toBe('wait');
    await replication.onModuleInit();
    expect(await writer.set('key', 'value')).toBe('OK');
  },
  async maxLoadingRetryTime() {
    const { writer } = await open({ maxLoadingRetryTime: 10 });
    expect(await writer.ping()).toBe('PONG');
  },
  async noDelay() {
    const { writer } = await open({ noDelay: false });
    expect(await writer.ping()).toBe('PONG');
  },
  async password() {
    const { node } = await open({ password: 'secret' });
    expect(sent(node)).toContain('hello 3 AUTH default secret');
  },
  async protocol() {
    const { node, writer } = await open({ protocol: 2, password: 'secret' });
    expect(await writer.ping()).toBe('PONG');
    expect(sent(node)).toContain('auth secret');
  },
  async scripts() {
    const { node, writer } = await open({ scripts: { double: { lua: 'return 2', numberOfKeys: 1 } } });
    await expect(invoke(writer, 'double', 'key')).rejects.toThrow(/unknown command 'EVAL/);
    expect(sent(node)).toContainEqual(expect.stringMatching(/^eval(sha \w{40}| return 2) 1 key$/));
  },
  async showFriendlyErrorStack() {
    const { node, writer } = await open({ showFriendlyErrorStack: true });
    node.refuse('ERR no', 'SET');
    const failure = await writer.set('key', 'value').catch((reason: unknown) => reason);
    expect(failure instanceof Error && failure.stack).toContain('ioredis-surface');
  },
  async socketTimeout() {
    const { node, writer } = await open({ socketTimeout: 30 });
    node.hang('GET');
    const reply = writer.get('key');
    await new Promise((resolve) => void writer.once('close', resolve));
    node.resume();
    expect(await reply).toBeNull();
  },
  async stringNumbers() {
    const { writer } = await open({ stringNumbers: true });
    expect(await writer.incr('key')).toBe('1');
  },
  async tls() {
    const bytes: number[] = [];
    const server = createServer((socket) => {
      socket
        .on('error', () => undefined)
        .once('data', (data) => {
          bytes.push(data[0] ?? 0);
          socket.destroy();
        });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { replication } = createReplication([`127.0.0.1:${port}`], { redis: { tls: {} } });
    await replication.onModuleInit();
    await until('it was dialled', () => bytes.length > 0);
    // The first byte of a TLS handshake.
    expect(bytes[0]).toBe(0x16);
  },
  async username() {
    const { node } = await open({ username: 'app', password: 'secret' });
    expect(sent(node)).toContain('hello 3 AUTH app secret');
  },
};

/** They configure how ioredis itself talks to Sentinel, which it does not do here. */
const ofSentinel = [
  'enableTLSForSentinelMode',
  'failoverDetector',
  'preferredSlaves',
  'sentinelCommandTimeout',
  'sentinelMaxConnections',
  'sentinelPassword',
  'sentinelReconnectStrategy',
  'sentinelRetryStrategy',
  'sentinelTLS',
  'sentinelUsername',
  'updateSentinels',
] as const satisfies readonly (keyof RedisOptions)[];

describe('the option', () => {
  test.each(Object.entries(options))('%s', async (_name, check) => check());

  test('no option of ioredis is forgotten', () => {
    const known = [...Object.keys(options), ...ofSentinel, ...Object.keys(ownedOptions), 'replyMapping'];
    // Options of later versions are known in advance.
    const members = [...membersOf('RedisOptions'), ...Object.keys(laterSettings)];
    expect(new Set(known)).toEqual(new Set(members));
  });
});

const scanStream = (name: string) => async () => {
  const { writer } = await open(
    {},
    {
      onCommand: ([command]) =>
        command?.endsWith('scan') === true
          ? { kind: 'array', items: [simple('0'), { kind: 'array', items: [simple('key')] }] }
          : undefined,
    },
  );
  const stream = invoke(writer, name, ...(name.startsWith('scan') ? [] : ['key']));
  if (!(stream instanceof Readable)) throw new Error('It is a stream');
  expect(String(await stream.toArray())).toBe('key');
};

const members: Readonly<Record<string, () => Promise<void>>> = {
  async autoPipelineQueueSize() {
    const { writer } = await open();
    expect(writer.autoPipelineQueueSize).toBe(0);
  },
  async connect() {
    const { writer } = await open();
    await expect(writer.connect()).rejects.toThrow('already connecting/connected');
    writer.disconnect();
    await emitted(writer, 'end');
    await writer.connect();
    expect(await writer.ping()).toBe('PONG');
  },
  async disconnect() {
    const { writer } = await open();
    writer.disconnect();
    await emitted(writer, 'end');
    expect(writer.status).toBe('end');
  },
  async duplicate() {
    const { writer } = await open();
    const duplicate = writer.duplicate({ db: 2 });
    onTestFinished(() => duplicate.disconnect());
    expect(duplicate).toBeInstanceOf(FollowingRedis);
    expect(await duplicate.ping()).toBe('PONG');
    expect(duplicate.options.db).toBe(2);
  },
  async end() {
    const { writer } = await open();
    writer.end();
    await emitted(writer, 'end');
  },
  hscanBufferStream: scanStream('hscanBufferStream'),
  hscanStream: scanStream('hscanStream'),
  async mode() {
    const { writer } = await open({ protocol: 2 });
    const listener = writer.duplicate();
    onTestFinished(() => listener.disconnect());
    expect(writer.mode).toBe('normal');
    await listener.subscribe('news');
    expect(listener.mode).toBe('subscriber');
  },
  async monitor() {
    const { writer } = await open(
      {},
      { onCommand: ([name]) => (name === 'monitor' ? simple('OK') : undefined) },
    );
    const monitor = await writer.monitor();
    onTestFinished(() => monitor.disconnect());
    expect(monitor.mode).toBe('monitor');
  },
  async options() {
    const { node, writer } = await open();
    expect(writer.options).toMatchObject({ port: node.port, maxRetriesPerRequest: null });
  },
  scanBufferStream: scanStream('scanBufferStream'),
  scanStream: scanStream('scanStream'),
  sscanBufferStream: scanStream('sscanBufferStream'),
  sscanStream: scanStream('sscanStream'),
  async status() {
    const { writer } = await open();
    expect(writer.status).toBe('ready');
  },
  zscanBufferStream: scanStream('zscanBufferStream'),
  zscanStream: scanStream('zscanStream'),
};

/** Of the class, not of a connection. */
const ofTheClass = ['Cluster', 'Command', 'createClient'];

const generic: Readonly<Record<string, () => Promise<void>>> = {
  async call() {
    const { writer } = await open();
    expect(await writer.call('PING', 'text')).toBe('text');
    await expect(writer.call('NOTHING')).rejects.toThrow(/unknown command/);
  },
  async defineCommand() {
    const { node, writer } = await open(
      {},
      { onCommand: ([name]) => (name?.startsWith('eval') === true ? simple('OK') : undefined) },
    );
    writer.defineCommand('twice', { numberOfKeys: 1, lua: 'return 2' });
    expect(await invoke(writer, 'twice', 'key')).toBe('OK');
    expect(sent(node)).toContainEqual(expect.stringMatching(/^eval(sha \w{40}| return 2) 1 key$/));
  },
  async addBuiltinCommand() {
    const { writer } = await open({}, { onCommand: ([name]) => (name === 'new.command' ? nil : undefined) });
    writer.addBuiltinCommand('new.command');
    expect(await invoke(writer, 'new.command')).toBeNull();
  },
  async createBuiltinCommand() {
    const { writer } = await open();
    const string: unknown = Reflect.get(writer.createBuiltinCommand('echo2'), 'string');
    if (typeof string !== 'function') throw new Error('It is a method');
    await expect(Reflect.apply(string, writer, [])).rejects.toThrow(/unknown command/);
  },
  async getBuiltinCommands() {
    const { writer } = await open();
    expect(writer.getBuiltinCommands()).toContain('get');
  },
  async pipeline() {
    const { writer } = await open();
    expect(
      await writer
        .pipeline([['set', 'key', 1]])
        .incr('key')
        .exec(),
    ).toEqual([
      [null, 'OK'],
      [null, 2],
    ]);
  },
  async multi() {
    const { writer } = await open(
      {},
      {
        onCommand: ([name]) => {
          if (name === 'multi') return simple('OK');
          if (name === 'set') return simple('QUEUED');
          return name === 'exec' ? { kind: 'array', items: [simple('OK')] } : undefined;
        },
      },
    );
    expect(await writer.multi().set('key', 1).exec()).toEqual([[null, 'OK']]);
    await writer.multi({ pipeline: false });
    expect(await writer.set('key', 1)).toBe('QUEUED');
    expect(await writer.exec()).toEqual([[null, 'OK']]);
  },
};

describe('the member', () => {
  test.each(Object.entries({ ...members, ...generic }))('%s', async (_name, check) => check());

  test('no public member of ioredis is forgotten', () => {
    const own = ownMembersOf('Redis').filter((name) => !name.startsWith('_'));
    expect(new Set([...Object.keys(members), ...ofTheClass])).toEqual(new Set(own));
  });
});

/** They change the connection itself, or a reply to them does; other specs show each. */
const ofTheConnection = [
  'auth',
  'client',
  'discard',
  'exec',
  'hello',
  'info',
  'multi',
  'psubscribe',
  'punsubscribe',
  'quit',
  'reset',
  'select',
  'ssubscribe',
  'subscribe',
  'sunsubscribe',
  'unsubscribe',
  'unwatch',
  'watch',
];

test('every command that has a method reaches the server', async () => {
  const { node, writer } = await open(
    {},
    {
      onCommand: ([name = '']) =>
        /[a-z]/.test(name) && !ofTheConnection.includes(name) ? error('ERR not now') : undefined,
    },
  );
  const builtIn = new Set(writer.getBuiltinCommands());
  const typed = membersOf('Redis').filter((name) => builtIn.has(name) && !ofTheConnection.includes(name));
  expect(typed.length).toBeGreaterThan(200);
  const refused: string[] = [];
  for (const name of typed) {
    const [outcome] = await Promise.allSettled([invoke(writer, name, '0', 'b')]);
    const reason: unknown = outcome.status === 'rejected' ? outcome.reason : 'it was applied';
    if (reason instanceof RefusedCommandError) refused.push(name);
    else expect(String(reason)).toContain('ERR not now');
  }
  const arrived = new Set(node.commands.map(([name]) => name));
  expect(typed.filter((name) => !arrived.has(name))).toEqual(refused);
  // They would make the connection useless.
  expect(refused.toSorted()).toEqual(['monitor', 'psync', 'sync'].filter((name) => typed.includes(name)));
  expect(writer).toBeInstanceOf(Redis);
});
