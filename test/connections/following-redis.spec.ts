import { setImmediate as nextTurn } from 'node:timers/promises';
import { Command, type Redis } from 'ioredis';
import { NotAppliedError } from 'nestjs-redis-replication';
import { expect, onTestFinished, test, vi } from 'vitest';
import { FollowingRedis } from '../../lib/connections/following-redis.js';
import { startFakeNode, type FakeNode, type FakeNodeOptions } from '../support/fake-node.js';
import { fakeId } from '../support/fake-node-state.js';
import type { FakeConnection } from '../support/fake-redis.js';
import { createReplication, openReplication } from '../support/open-replication.js';
import { forTests } from '../support/patience.js';
import { array, bulk, error, integer, map, nil, simple } from '../support/resp.js';
import { until } from '../../lib/testing/servers/until.js';
import { emitted } from '../support/emitted.js';

async function fakeNode(options?: FakeNodeOptions): Promise<FakeNode> {
  const node = await startFakeNode(options);
  onTestFinished(() => node.stop());
  return node;
}

/** The commands with these names, in order of arrival. */
function sent({ commands }: FakeNode, ...names: string[]): readonly string[] {
  return commands.filter(([name = '']) => names.includes(name.toLowerCase())).map((argv) => argv.join(' '));
}

/** In lower case ioredis sends it itself, in the handshake of writer and reader. Observers send it in upper case. */
const isOfHandshake = ([name]: readonly string[]) => name === 'info';

/** A connection that is closed while commands are unanswered is reset. ioredis 5.4 sends some after `ready`. */
async function whenAnswered(writer: Redis): Promise<void> {
  await writer.ping();
}

/** Issues an increment in each turn, from the moment the server has closed the connection until the client has. */
async function writeWhileClosing(node: FakeNode, options: { readonly timeoutMs?: number } = {}) {
  const { writer } = await openReplication([node.endpoint], { hold: options });
  await whenAnswered(writer);
  const replies: Promise<unknown>[] = [];
  const { stream } = writer;
  const issuing = new Promise<void>((resolve) => {
    stream.once('end', () => {
      const issue = async () => {
        do {
          replies.push(writer.incr('counter').catch((reason: unknown) => reason));
          await nextTurn();
        } while (!stream.closed);
        resolve();
      };
      void issue();
    });
  });
  return { writer, replies, issuing };
}

test('commands issued while the connection is closing are held, and keep their order', async () => {
  const node = await fakeNode();
  const { writer, replies, issuing } = await writeWhileClosing(node);
  node.dropConnections();
  await issuing;
  replies.push(writer.incr('counter'));
  expect(replies.length).toBeGreaterThan(1);
  expect(await Promise.all(replies)).toEqual(replies.map((_, index) => index + 1));
});

test('commands issued while the connection is closing wait no longer than hold.timeoutMs', async () => {
  const node = await fakeNode();
  const { replies, issuing } = await writeWhileClosing(node, { timeoutMs: 50 });
  node.refuseConnections();
  node.dropConnections();
  await issuing;
  expect(replies.length).toBeGreaterThan(0);
  for (const reply of await Promise.all(replies)) expect(reply).toBeInstanceOf(NotAppliedError);
});

test('commands issued in the turn in which a socket fails are held too', async () => {
  const node = await fakeNode();
  const { writer } = await openReplication([node.endpoint], { hold: { timeoutMs: 50 } });
  node.refuseConnections();
  // Like a write on a reset connection, this emits no event before the next turn.
  writer.stream.destroy();
  const replies = await Promise.allSettled([writer.incr('counter'), writer.get('counter')]);
  for (const reply of replies) {
    expect(reply).toMatchObject({ status: 'rejected', reason: { code: 'NOT_APPLIED' } });
  }
});

test('a refused command is sent before commands that were issued later', async () => {
  const node = await fakeNode();
  const { writer } = await openReplication([node.endpoint]);
  node.refuse('READONLY demoted', 'SET');
  const first = writer.set('first', 1);
  await until('it was refused', () => writer instanceof FollowingRedis && writer.heldCommands === 1);
  const second = writer.set('second', 1);
  node.allow();
  await Promise.all([first, second]);
  expect(sent(node, 'set').slice(-2)).toEqual(['set first 1', 'set second 1']);
});

test('a node that is a master for observers but a replica in the handshake gets no command', async () => {
  const demoted = { isOne: true };
  const node = await fakeNode({
    // As if it was demoted just after a probe, so that only the writer notices, in its handshake.
    onCommand: (argv) =>
      isOfHandshake(argv) && demoted.isOne ? bulk('role:slave\r\nloading:0\r\n') : undefined,
  });
  const { writer, replication } = createReplication([node.endpoint], { hold: { timeoutMs: 200 } });
  await replication.onModuleInit();
  await expect(writer.set('key', 'value')).rejects.toBeInstanceOf(NotAppliedError);
  expect(sent(node, 'set')).toEqual([]);
  // It is tried with backoff.
  expect(node.commands.filter(isOfHandshake).length).toBeLessThan(30);
  demoted.isOne = false;
  await until('it is ready', () => writer.status === 'ready');
  expect(await writer.set('key', 'value')).toBe('OK');
});

test('the role is verified for a duplicate with enableReadyCheck: false as well', async () => {
  const demoted = { isOne: false };
  const node = await fakeNode({
    onCommand: (argv) =>
      isOfHandshake(argv) && demoted.isOne ? bulk('role:slave\r\nloading:0\r\n') : undefined,
  });
  const { writer } = await openReplication([node.endpoint], { hold: { timeoutMs: 200 } });
  demoted.isOne = true;
  const duplicate = writer.duplicate({ enableReadyCheck: false });
  onTestFinished(() => duplicate.disconnect());
  await expect(duplicate.set('key', 'value')).rejects.toBeInstanceOf(NotAppliedError);
  expect(sent(node, 'set')).toEqual([]);
  demoted.isOne = false;
  await until('it is ready', () => duplicate.status === 'ready');
  expect(await duplicate.set('key', 'value')).toBe('OK');
});

test('if INFO is forbidden, the handshake takes the role from HELLO', async () => {
  const node = await fakeNode({
    onCommand: ([name, version]) =>
      name === 'hello' && version === undefined
        ? map({ role: bulk('replica'), mode: bulk('standalone') })
        : undefined,
  });
  node.refuse("NOPERM this user has no permissions to run the 'info' command", 'INFO');
  const { writer, replication } = createReplication([node.endpoint], { hold: { timeoutMs: 200 } });
  await replication.onModuleInit();
  await expect(writer.set('key', 'value')).rejects.toBeInstanceOf(NotAppliedError);
  expect(node.commands.filter(isOfHandshake).length).toBeGreaterThan(1);
  expect(sent(node, 'set')).toEqual([]);
});

test.each<[string, (argv: readonly string[]) => boolean]>([
  ['HELLO is sent for the role', ([name, version]) => name === 'hello' && version === undefined],
  ['its name is set', ([name, subcommand]) => name === 'client' && /^setname$/i.test(subcommand ?? '')],
])('a connection that is lost while %s causes no warning', async (_, isTheMoment) => {
  const warn = vi.spyOn(console, 'warn');
  onTestFinished(() => warn.mockRestore());
  let lost = 0;
  const node = await fakeNode({
    onCommand: (argv) => {
      if (lost < 3 && isTheMoment(argv)) {
        lost += 1;
        node.dropConnections();
      }
      return undefined;
    },
  });
  node.refuse("NOPERM this user has no permissions to run the 'info' command", 'INFO');
  const { writer } = await openReplication([node.endpoint], { redis: { connectionName: 'app' } });
  // A read, because ioredis 5.4 gives the name when the connection is ready already.
  expect(await writer.get('key')).toBeNull();
  expect(lost).toBe(3);
  expect(warn).not.toHaveBeenCalled();
});

test('a server with another run id than the observed one gets no command', async () => {
  const node = await fakeNode({
    onCommand: (argv) =>
      isOfHandshake(argv) ? bulk('role:master\r\nloading:0\r\nrun_id:another\r\n') : undefined,
  });
  const { writer, replication } = createReplication([node.endpoint], { hold: { timeoutMs: 100 } });
  await replication.onModuleInit();
  await expect(writer.set('key', 'value')).rejects.toBeInstanceOf(NotAppliedError);
  expect(sent(node, 'set')).toEqual([]);
});

test('a connection to a dead process is closed, although no socket event reports it', async () => {
  const observing = new Set<FakeConnection>();
  const node = await fakeNode({
    onCommand([name], connection) {
      if (name === 'INFO') observing.add(connection);
      return undefined;
    },
  });
  const { writer } = await openReplication([node.endpoint]);
  const { stream } = writer;
  // Like a power failure: observers find the restarted process, but the socket of the writer gets no event.
  node.update({ runId: fakeId('another run') });
  for (const connection of observing) connection.close();
  await until('another connection is ready', () => writer.stream !== stream && writer.status === 'ready');
  expect(await writer.incr('counter')).toBe(1);
});

test('a subscription that is restored too slowly causes no unhandled rejection', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  onTestFinished(() => void process.off('unhandledRejection', unhandled));
  const node = await fakeNode();
  const { writer } = await openReplication([node.endpoint], { redis: { commandTimeout: 500 } });
  const listener = writer.duplicate();
  await listener.subscribe('news');
  node.hang('SUBSCRIBE', 'GET');
  node.dropConnections();
  await until('it is restored', () => sent(node, 'subscribe').length > 1);
  // Its timeout started later than that of the subscription would have.
  await expect(writer.get('key')).rejects.toThrow('Command timed out');
  await nextTurn();
  expect(unhandled).not.toHaveBeenCalled();
});

const busy = error('BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.');

test.each([undefined, 50])(
  'a subscription that a busy server refuses is restored when the server is no longer busy, with commandTimeout %s',
  async (commandTimeout) => {
    const state = { isBusy: false };
    const node = await fakeNode({
      onCommand: ([name, channel]) =>
        name === 'subscribe' && channel === 'news' && state.isBusy ? busy : undefined,
    });
    // Only with RESP2 does ioredis set `mode` when a subscription is restored.
    const redis = { protocol: 2 } as const;
    const { writer } = await openReplication([node.endpoint], { redis });
    const listener = writer.duplicate();
    onTestFinished(() => listener.disconnect());
    await listener.subscribe('news');
    // For what is restored; the first subscription may take longer on a busy machine.
    Object.assign(listener.options, { commandTimeout });
    state.isBusy = true;
    node.dropConnections();
    const asked = () => sent(node, 'subscribe').filter((text) => text === 'subscribe news').length;
    await until('it is refused a few times', () => asked() > 3);
    state.isBusy = false;
    const refused = asked();
    await until('it is restored', () => listener.mode === 'subscriber');
    expect(asked()).toBeGreaterThan(refused);
  },
);

test.each([
  ['in the handshake', async () => undefined],
  ['for a held command', async (writer: Redis) => writer.select(3)],
])(
  'a connection on which the database cannot be selected is closed before anything is written: %s',
  async (_, begin) => {
    const written: string[] = [];
    const state = { refusals: 0 };
    const node = await fakeNode({
      onCommand: ([name = ''], { id }) => {
        if (name === 'select' && state.refusals > 0) {
          state.refusals -= 1;
          written.push(`${id} refused`);
          return busy;
        }
        if (name === 'select' || name === 'incr') written.push(`${id} ${name}`);
        return undefined;
      },
    });
    const { writer } = await openReplication([node.endpoint], { redis: { db: 2 } });
    await begin(writer);
    await whenAnswered(writer);
    written.length = 0;
    state.refusals = 1;
    node.dropConnections();
    await emitted(writer, 'close');
    expect(await writer.incr('counter')).toBe(1);
    const at = written.find((each) => each.endsWith('incr'))?.split(' ')[0];
    const isOn = (each: string) => each.startsWith(`${at} `);
    expect(written.filter((each) => each.endsWith('refused'))).toHaveLength(1);
    expect(written.filter(isOn)).not.toContain(`${at} refused`);
    expect(written.filter(isOn)).toContain(`${at} select`);
  },
);

test('a server that turns out to be loading is left at once and tried again', async () => {
  const asked: number[] = [];
  const node = await fakeNode({
    onCommand(argv, { id }) {
      if (!isOfHandshake(argv)) return undefined;
      asked.push(id);
      // For the first connections of writer and reader.
      return asked.length <= 2 ? bulk('role:master\r\nloading:1\r\n') : undefined;
    },
  });
  const { writer } = await openReplication([node.endpoint]);
  expect(await writer.incr('counter')).toBe(1);
  expect(asked.length).toBeGreaterThan(2);
  // INFO is never sent again on the same connection.
  expect(new Set(asked).size).toBe(asked.length);
});

test('the commands of a handshake do not become part of a held transaction', async () => {
  let refusals = 1;
  const node = await fakeNode({
    onCommand([name]) {
      switch (name) {
        case 'multi':
          return simple('OK');
        case 'incr':
          return simple('QUEUED');
        case 'exec':
          refusals -= 1;
          return refusals < 0
            ? array(integer(1))
            : error('EXECABORT Transaction discarded because of: READONLY demoted');
        default:
          return undefined;
      }
    },
  });
  const { writer, replication } = createReplication([node.endpoint]);
  const begun = writer.multi({ pipeline: false });
  await replication.onModuleInit();
  await begun;
  await writer.incr('counter');
  // It is refused once and sent again completely.
  expect(await writer.exec()).toEqual([[null, 1]]);
  expect(sent(node, 'multi', 'incr', 'exec', 'info').slice(-3)).toEqual(['multi', 'incr counter', 'exec']);
});

test('a handshake that is never answered is aborted and tried again', async () => {
  let hanging = 0;
  const node = await fakeNode({
    onCommand: (argv) => {
      const hangs = isOfHandshake(argv) && hanging > 0;
      hanging -= hangs ? 1 : 0;
      return hangs ? 'hang' : undefined;
    },
  });
  const { writer } = await openReplication([node.endpoint], { redis: { connectTimeout: 100 } });
  await whenAnswered(writer);
  hanging = 1;
  node.dropConnections();
  await emitted(writer, 'close');
  expect(await writer.set('key', 'value')).toBe('OK');
});

test('commands that the app issues during a handshake that is lost end all the same', async () => {
  let hanging = 1;
  const node = await fakeNode({
    onCommand: (argv) => (isOfHandshake(argv) && hanging > 0 ? 'hang' : undefined),
  });
  const { writer, replication } = createReplication([node.endpoint], { redis: { db: 1 } });
  await replication.onModuleInit();
  await emitted(writer, 'connect');
  const asked = [writer.info('server'), writer.select(1), writer.info(), writer.client('ID')];
  await until('the handshake has begun', () => node.commands.some(isOfHandshake));
  hanging = 0;
  node.dropConnections();
  const ended = await Promise.allSettled(asked);
  expect(await asked[0]).toContain('run_id');
  expect(ended).toMatchObject([
    { status: 'fulfilled' },
    { status: 'fulfilled', value: 'OK' },
    { status: 'rejected', reason: { message: 'Connection is closed.' } },
    { status: 'fulfilled' },
  ]);
});

test('a command that is refused repeatedly is rejected in time and sent with backoff', async () => {
  const node = await fakeNode();
  const { writer } = await openReplication([node.endpoint], { hold: { timeoutMs: 300 } });
  node.refuse('READONLY though it says master', 'SET');
  await expect(writer.set('key', 'value')).rejects.toBeInstanceOf(NotAppliedError);
  const attempts = sent(node, 'set').length;
  expect(attempts).toBeGreaterThan(1);
  expect(attempts).toBeLessThan(20);
  node.allow();
  await until('it is ready', () => writer.status === 'ready');
  expect(await writer.incr('later')).toBe(1);
  expect(sent(node, 'set')).toHaveLength(attempts);
});

test.each(['LOADING Redis is loading the dataset', 'MASTERDOWN Link with MASTER is down'])(
  'a command refused with %s is sent again',
  async (message) => {
    const node = await fakeNode();
    const { writer } = await openReplication([node.endpoint]);
    node.refuse(message, 'SET');
    const written = writer.set('key', 'value');
    await until('it was refused', () => sent(node, 'set').length > 0);
    node.allow();
    expect(await written).toBe('OK');
  },
);

test.each([
  'OOM command not allowed',
  'MISCONF cannot persist',
  'NOREPLICAS Not enough good replicas',
  'NOPERM no',
])('the error %s is passed on at once', async (message) => {
  const node = await fakeNode();
  const { writer } = await openReplication([node.endpoint]);
  node.refuse(message, 'SET');
  await expect(writer.set('key', 'value')).rejects.toThrow(message);
  expect(sent(node, 'set')).toHaveLength(1);
  expect(writer.status).toBe('ready');
});

test('replies in the same packet as a refusal do not delay the move to the next master', async () => {
  const node = await fakeNode();
  const { writer } = await openReplication([node.endpoint]);
  node.refuse('READONLY demoted', 'INCR');
  const replies = [writer.incr('counter'), writer.set('key', 'value')];
  await until('both were answered', () => sent(node, 'incr', 'set').length >= 2);
  node.allow();
  const startedAt = performance.now();
  expect(await Promise.all(replies)).toEqual([1, 'OK']);
  // For missing replies a connection would wait as long.
  expect(performance.now() - startedAt).toBeLessThan(forTests.replyTimeoutMs);
});

test('while a node hangs nothing is written to it, and late replies count', async () => {
  const node = await fakeNode();
  // Longer than a busy machine may keep a node waiting that does not hang.
  const { writer, whenTopology } = await openReplication([node.endpoint], { replyTimeoutMs: 250 });
  node.hang();
  const inFlight = writer.incr('counter');
  await whenTopology(({ kind }) => kind === 'masterless');
  const held = writer.incr('counter');
  await nextTurn();
  expect(sent(node, 'incr')).toHaveLength(1);
  node.resume();
  expect(await Promise.all([inFlight, held])).toEqual([1, 2]);
  expect(writer.status).toBe('ready');
});

test.each<[string, (redis: Redis) => Promise<unknown>]>([
  ['BLPOP', (redis) => redis.blpop('list', 4)],
  ['BLPOP with call()', (redis) => redis.call('BLPOP', 'list', 4)],
  ['BLPOP in a pipeline', (redis) => redis.pipeline().blpop('list', 4).exec()],
])('%s that is sent again has what is left of its time', async (_, issue) => {
  const node = await fakeNode({ onCommand: ([name]) => (name?.toLowerCase() === 'blpop' ? nil : undefined) });
  const { writer } = await openReplication([node.endpoint]);
  node.refuse('READONLY demoted', 'BLPOP');
  const issuedAt = performance.now();
  const popped = issue(writer);
  await until('it was sent again', () => sent(node, 'blpop').length > 2);
  node.allow();
  await popped;
  const elapsed = (performance.now() - issuedAt) / 1000;
  const timeouts = sent(node, 'blpop').map((text) => Number(text.split(' ').at(-1)));
  expect(timeouts[0]).toBe(4);
  expect(timeouts).toEqual(timeouts.toSorted((a, b) => b - a));
  expect(timeouts.at(-1)).toBeLessThan(4);
  expect(timeouts.at(-1)).toBeGreaterThan(4 - elapsed - 0.001 * timeouts.length);
});

/** ioredis 5.4 has no such option. */
const hasBlockingTimeout = 'setBlockingTimeout' in Command.prototype;

test.runIf(hasBlockingTimeout)('blockingTimeout is in force while a command is held', async () => {
  const node = await fakeNode();
  node.refuse('LOADING', 'INFO', 'HELLO');
  const { writer, replication } = createReplication([node.endpoint], { redis: { blockingTimeout: 50 } });
  await replication.onModuleInit();
  const ended: string[] = [];
  const other = writer.set('key', 'value').then(() => ended.push('set'));
  // It ends like a command that the server had answered in time.
  expect(await writer.blpop('list', 0)).toBeNull();
  expect(await writer.xread('BLOCK', 0, 'STREAMS', 'stream', '$')).toBeNull();
  expect(ended).toEqual([]);
  node.allow();
  await other;
  // A watcher sends XREAD in upper case.
  expect(node.commands.filter(([name]) => name === 'blpop' || name === 'xread')).toEqual([]);
});

test('a held SELECT emits its event when it is sent', async () => {
  const node = await fakeNode();
  const { writer, replication } = createReplication([node.endpoint]);
  const events: unknown[] = [];
  writer.on('select', (db) => events.push(db));
  const selected = writer.select(3);
  expect(events).toEqual([]);
  await replication.onModuleInit();
  expect(await selected).toBe('OK');
  expect(events).toEqual([3]);
});
