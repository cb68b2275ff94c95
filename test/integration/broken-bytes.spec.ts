import type { Redis } from 'ioredis';
import { NotAppliedError, UnknownOutcomeError } from 'nestjs-redis-replication';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MAX_HANDSHAKE_BYTES } from '../../lib/connections/ioredis/guard-replies.js';
import { startFakeNode, type FakeNode, type FakeNodeOptions } from '../support/fake-node.js';
import type { FakeConnection } from '../support/fake-redis.js';
import { createReplication, openReplication } from '../support/open-replication.js';
import { array, bulk, integer, raw, simple } from '../support/resp.js';
import { until } from '../../lib/testing/servers/until.js';

const BAD_GATEWAY = 'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n';

async function fakeNode(options?: FakeNodeOptions): Promise<FakeNode> {
  const node = await startFakeNode(options);
  onTestFinished(() => node.stop());
  return node;
}

/** Answers the first command with one of these names by these bytes. The command is executed all the same. */
async function nodeThatBreaks(text: string, names: readonly string[]) {
  const broken: string[] = [];
  const node = await fakeNode({
    onCommand([name = '']) {
      const isFirst = names.includes(name) && broken.length === 0;
      if (isFirst) broken.push(name);
      if (name === 'multi') return isFirst ? raw(text) : simple('OK');
      if (name === 'exec') return isFirst ? raw(text) : array(integer(1));
      return isFirst ? raw(text) : undefined;
    },
  });
  return { node, broken };
}

const sent = ({ commands }: FakeNode, name: string) => commands.filter(([each]) => each === name).length;

describe.each([
  ['no reply at all', BAD_GATEWAY],
  ['a status line of another protocol', '@ERROR\r\n'],
])('instead of a reply comes %s', (_, text) => {
  test('a write ends with an unknown outcome, a read is sent again, and operators are told', async () => {
    const { node } = await nodeThatBreaks(text, ['incr']);
    const { writer, notes } = await openReplication([node.endpoint]);
    const { stream } = writer;
    const [written, read] = await Promise.allSettled([writer.incr('counter'), writer.get('key')]);
    expect(written).toMatchObject({ reason: { code: 'UNKNOWN_OUTCOME', command: 'incr' } });
    expect(read).toEqual({ status: 'fulfilled', value: null });
    expect(writer.stream).not.toBe(stream);
    expect(sent(node, 'incr')).toBe(1);
    expect(notes.join()).toContain(`the connection to ${node.endpoint} failed`);
    expect(await writer.set('key', 'value')).toBe('OK');
  });
});

test('the members of a pipeline end each in its own way when something else than a reply comes', async () => {
  const { node } = await nodeThatBreaks(BAD_GATEWAY, ['incr']);
  const { writer } = await openReplication([node.endpoint]);
  const replies = await writer.pipeline().set('key', 'value').incr('counter').get('key').exec();
  expect(replies).toMatchObject([[null, 'OK'], [{ code: 'UNKNOWN_OUTCOME' }], [null, 'value']]);
  expect(sent(node, 'incr')).toBe(1);
});

test.each(['multi', 'exec'])(
  'a transaction has an unknown outcome when something else than a reply comes to %s',
  async (name) => {
    const { node } = await nodeThatBreaks(BAD_GATEWAY, [name]);
    const { writer } = await openReplication([node.endpoint]);
    await expect(writer.multi().incr('counter').exec()).rejects.toBeInstanceOf(UnknownOutcomeError);
    expect(sent(node, 'exec')).toBe(1);
    expect(await writer.set('key', 'value')).toBe('OK');
  },
);

/** Opens a connection of the app, and returns the other end of it. */
async function otherEndOf(redis: Redis, connections: ReadonlyMap<string, FakeConnection>) {
  const mark = `mark ${Math.random()}`;
  await redis.call('ECHO', mark).catch(() => undefined);
  const other = connections.get(mark);
  if (other === undefined) throw new Error('the mark has not arrived');
  return other;
}

async function markedNode() {
  const connections = new Map<string, FakeConnection>();
  const node = await fakeNode({
    onCommand([name = '', mark = ''], connection) {
      if (name.toLowerCase() === 'echo') connections.set(mark, connection);
      return name === 'monitor' ? simple('OK') : undefined;
    },
  });
  return { node, connections };
}

/** `docs/upstream.md` lists what ioredis does not survive in any case. */
const fatal: readonly (readonly [string, string])[] = [
  ['an unasked nil', '$-1\r\n'],
  ['an unasked null array', '*-1\r\n'],
  ['two unasked nils at once', '$-1\r\n$-1\r\n'],
  ['an unasked status', '+OK\r\n'],
  ['an unasked error', '-READONLY out of the blue\r\n'],
  ['an HTTP error', BAD_GATEWAY],
];

describe.each([2, 3] as const)('with RESP%i', (protocol) => {
  test.each(fatal)('%s closes the connection, and nothing else', async (_, text) => {
    const { node, connections } = await markedNode();
    const { writer } = await openReplication([node.endpoint], { redis: { protocol } });
    const other = await otherEndOf(writer, connections);
    const closed = new Promise((resolve) => writer.once('close', resolve));
    other.send(raw(text));
    await closed;
    expect(await writer.set('key', 'value')).toBe('OK');
  });
});

describe.each([
  ['with RESP2', { protocol: 2 as const }],
  ['with the default protocol', {}],
])('a connection that has subscribed, %s', (_, redis) => {
  test.each(fatal)('is made anew after %s', async (__, text) => {
    const subscribers: FakeConnection[] = [];
    const node = await fakeNode({
      onCommand([name = '', channel], connection) {
        if (name === 'subscribe' && channel === 'news') subscribers.push(connection);
        return undefined;
      },
    });
    const { writer } = await openReplication([node.endpoint], { redis });
    const listener = writer.duplicate();
    onTestFinished(() => listener.disconnect());
    const heard: string[] = [];
    listener.on('message', (_channel, message) => heard.push(message));
    await listener.subscribe('news');
    subscribers.at(-1)?.send(raw(text));
    await until('it has subscribed again', () => subscribers.length === 2);
    await until('a message arrives', async () => {
      await writer.publish('news', 'hello');
      return heard.includes('hello');
    });
  });
});

test('an error of a listener of the app surfaces, and the replies after it are read', async () => {
  const node = await fakeNode();
  const { writer } = await openReplication([node.endpoint]);
  const listener = writer.duplicate();
  onTestFinished(() => listener.disconnect());
  const heard: string[] = [];
  listener.on('message', (_channel, message) => {
    heard.push(message);
    if (message === 'bad') throw new Error('of the app');
  });
  await listener.subscribe('news');
  const surfaced = await withoutTestRunner(async (uncaught) => {
    await writer.publish('news', 'bad');
    await writer.publish('news', 'good');
    await until('both were heard', () => heard.length === 2 && uncaught.length === 1);
    return [...uncaught];
  });
  expect(heard).toEqual(['bad', 'good']);
  expect(surfaced).toMatchObject([{ message: 'of the app' }]);
});

/** Takes uncaught errors in place of the test runner. */
async function withoutTestRunner<T>(run: (uncaught: readonly unknown[]) => Promise<T>): Promise<T> {
  const others = process.listeners('uncaughtException');
  const uncaught: unknown[] = [];
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => uncaught.push(error));
  try {
    return await run(uncaught);
  } finally {
    process.removeAllListeners('uncaughtException');
    others.forEach((each) => process.on('uncaughtException', each));
  }
}

test('a reply that answers one of several commands is passed on, whatever follows it', async () => {
  const node = await fakeNode({
    onCommand: ([name, key]) =>
      name === 'get' && key === 'first' ? raw(`$4\r\ntrue\r\n${BAD_GATEWAY}`) : undefined,
  });
  const { writer } = await openReplication([node.endpoint]);
  expect(await Promise.all([writer.get('first'), writer.get('second')])).toEqual(['true', null]);
});

test('a handshake with more bytes than allowed is aborted, and the node is not used', async () => {
  const state = { size: 2 * MAX_HANDSHAKE_BYTES };
  const node = await fakeNode({
    // In lower case, as the writer sends it; observers send it in upper case.
    onCommand: ([name]) =>
      name === 'info' && state.size > 0
        ? bulk(`role:master\r\nloading:0\r\n${'x:1\r\n'.repeat(state.size / 5)}`)
        : undefined,
  });
  const { writer, replication, notes } = createReplication([node.endpoint], { hold: { timeoutMs: 300 } });
  await replication.onModuleInit();
  const error: unknown = await writer.set('key', 'value').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(NotAppliedError);
  await until('it was told', () => notes.join().includes(`exceed ${MAX_HANDSHAKE_BYTES} bytes`));
  state.size = 0;
  await until('it is ready', () => writer.status === 'ready');
  expect(await writer.set('key', 'value')).toBe('OK');
});
