import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { NotAppliedError } from 'nestjs-redis-replication';
import { expect, onTestFinished, test, vi } from 'vitest';
import { FollowingRedis } from '../../lib/connections/following-redis.js';
import { startFakeNode, type FakeNode, type FakeNodeOptions } from '../support/fake-node.js';
import { fakeId } from '../support/fake-node-state.js';
import type { FakeConnection } from '../support/fake-redis.js';
import { createReplication, openReplication } from '../support/open-replication.js';
import { array, bulk, error, integer, map, simple } from '../support/resp.js';
import { until } from '../support/until.js';

async function fakeNode(options?: FakeNodeOptions): Promise<FakeNode> {
  const node = await startFakeNode(options);
  onTestFinished(() => node.stop());
  return node;
}

/** The commands with these names, as they arrived. */
function sent({ commands }: FakeNode, ...names: string[]): readonly string[] {
  return commands.filter(([name = '']) => names.includes(name.toLowerCase())).map((argv) => argv.join(' '));
}

/** ioredis itself asks in lower case, in the handshake of writer and reader; observers ask in upper case. */
const isOfHandshake = ([name]: readonly string[]) => name === 'info';

/** Issues increments in every turn from the moment the other side has closed until our side has. */
async function writeWhileClosing(node: FakeNode, options: { readonly timeoutMs?: number } = {}) {
  const { writer } = await openReplication([node.endpoint], { hold: options });
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

test('what is issued while the connection is closing waits, and keeps its order', async () => {
  const node = await fakeNode();
  const { writer, replies, issuing } = await writeWhileClosing(node);
  node.dropConnections();
  await issuing;
  replies.push(writer.incr('counter'));
  expect(replies.length).toBeGreaterThan(1);
  expect(await Promise.all(replies)).toEqual(replies.map((_, index) => index + 1));
});

test('what is issued while the connection is closing waits no longer than it may', async () => {
  const node = await fakeNode();
  const { replies, issuing } = await writeWhileClosing(node, { timeoutMs: 50 });
  node.refuseConnections();
  node.dropConnections();
  await issuing;
  expect(replies.length).toBeGreaterThan(0);
  for (const reply of await Promise.all(replies)) expect(reply).toBeInstanceOf(NotAppliedError);
});

test('what is issued in the moment a socket fails waits as well', async () => {
  const node = await fakeNode();
  const { writer } = await openReplication([node.endpoint], { hold: { timeoutMs: 50 } });
  node.refuseConnections();
  // As a write does that finds the connection reset: nobody is told before the next turn.
  writer.stream.destroy();
  const replies = await Promise.allSettled([writer.incr('counter'), writer.get('counter')]);
  for (const reply of replies) {
    expect(reply).toMatchObject({ status: 'rejected', reason: { code: 'NOT_APPLIED' } });
  }
});

test('what was refused is sent before what was issued later', async () => {
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

test('a node that says master in its INFO and is a replica by the handshake gets no command', async () => {
  const demoted = { isOne: true };
  const node = await fakeNode({
    // As if it was demoted just after it was looked at: only the writer learns of it, in its handshake.
    onCommand: (argv) =>
      isOfHandshake(argv) && demoted.isOne ? bulk('role:slave\r\nloading:0\r\n') : undefined,
  });
  const { writer, replication } = createReplication([node.endpoint], { hold: { timeoutMs: 200 } });
  await replication.onModuleInit();
  await expect(writer.set('key', 'value')).rejects.toBeInstanceOf(NotAppliedError);
  expect(sent(node, 'set')).toEqual([]);
  // It is asked more and more rarely.
  expect(node.commands.filter(isOfHandshake).length).toBeLessThan(30);
  demoted.isOne = false;
  await until('it is ready', () => writer.status === 'ready');
  expect(await writer.set('key', 'value')).toBe('OK');
});

test('where INFO is forbidden, the role of the handshake is that of HELLO', async () => {
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
  ['HELLO is asked for the role', ([name, version]) => name === 'hello' && version === undefined],
  ['it is given its name', ([name, subcommand]) => name === 'client' && /^setname$/i.test(subcommand ?? '')],
])('a connection that is lost while %s is nothing to be warned of', async (_, isTheMoment) => {
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

test('a server that is another one than the one looked at gets no command', async () => {
  const node = await fakeNode({
    onCommand: (argv) =>
      isOfHandshake(argv) ? bulk('role:master\r\nloading:0\r\nrun_id:another\r\n') : undefined,
  });
  const { writer, replication } = createReplication([node.endpoint], { hold: { timeoutMs: 100 } });
  await replication.onModuleInit();
  await expect(writer.set('key', 'value')).rejects.toBeInstanceOf(NotAppliedError);
  expect(sent(node, 'set')).toEqual([]);
});

test('a connection to a process that is no more is given up, though nobody closed it', async () => {
  const observing = new Set<FakeConnection>();
  const node = await fakeNode({
    onCommand([name], connection) {
      if (name === 'INFO') observing.add(connection);
      return undefined;
    },
  });
  const { writer } = await openReplication([node.endpoint]);
  const { stream } = writer;
  // As a server that lost power and was started anew: observers find the new process, the writer was told nothing.
  node.update({ runId: fakeId('another run') });
  for (const connection of observing) connection.close();
  await until('another connection is ready', () => writer.stream !== stream && writer.status === 'ready');
  expect(await writer.incr('counter')).toBe(1);
});

test('a subscription that is restored too slowly leaves no unhandled rejection', async () => {
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
  // Its limit began later than that of the subscription.
  await expect(writer.get('key')).rejects.toThrow('Command timed out');
  await nextTurn();
  expect(unhandled).not.toHaveBeenCalled();
});

const busy = error('BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.');

test.each([undefined, 50])(
  'a subscription that a busy server does not restore is restored once it is not busy, with commandTimeout %s',
  async (commandTimeout) => {
    const state = { isBusy: false };
    const node = await fakeNode({
      onCommand: ([name, channel]) =>
        name === 'subscribe' && channel === 'news' && state.isBusy ? busy : undefined,
    });
    // Only in RESP2 a connection knows by itself that it has subscribed.
    const { writer } = await openReplication([node.endpoint], { redis: { protocol: 2 } });
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
  ['of a command that waited', async (writer: Redis) => writer.select(3)],
])(
  'a connection on which no database can be selected is left before anything is written: %s',
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
    written.length = 0;
    state.refusals = 1;
    node.dropConnections();
    await once(writer, 'close');
    expect(await writer.incr('counter')).toBe(1);
    const at = written.find((each) => each.endsWith('incr'))?.split(' ')[0];
    const isOn = (each: string) => each.startsWith(`${at} `);
    expect(written.filter((each) => each.endsWith('refused'))).toHaveLength(1);
    expect(written.filter(isOn)).not.toContain(`${at} refused`);
    expect(written.filter(isOn)).toContain(`${at} select`);
  },
);

test('a server that turns out to be loading is left at once, and tried again', async () => {
  const asked: number[] = [];
  const node = await fakeNode({
    onCommand(argv, { id }) {
      if (!isOfHandshake(argv)) return undefined;
      asked.push(id);
      // The first connections of writer and reader.
      return asked.length <= 2 ? bulk('role:master\r\nloading:1\r\n') : undefined;
    },
  });
  const { writer } = await openReplication([node.endpoint]);
  expect(await writer.incr('counter')).toBe(1);
  expect(asked.length).toBeGreaterThan(2);
  // None is asked again on the same connection.
  expect(new Set(asked).size).toBe(asked.length);
});

test('what a handshake sends does not become part of a transaction that waits for it', async () => {
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
  // It is refused once, and sent again as a whole.
  expect(await writer.exec()).toEqual([[null, 1]]);
  expect(sent(node, 'multi', 'incr', 'exec', 'info').slice(-3)).toEqual(['multi', 'incr counter', 'exec']);
});

test('a handshake that is never answered is given up, and tried again', async () => {
  let hanging = 0;
  const node = await fakeNode({
    onCommand: (argv) => {
      const hangs = isOfHandshake(argv) && hanging > 0;
      hanging -= hangs ? 1 : 0;
      return hangs ? 'hang' : undefined;
    },
  });
  const { writer } = await openReplication([node.endpoint], { redis: { connectTimeout: 100 } });
  hanging = 1;
  node.dropConnections();
  await once(writer, 'close');
  expect(await writer.set('key', 'value')).toBe('OK');
});

test('what the app asks for in the middle of a handshake that is lost ends all the same', async () => {
  let hanging = 1;
  const node = await fakeNode({
    onCommand: (argv) => (isOfHandshake(argv) && hanging > 0 ? 'hang' : undefined),
  });
  const { writer, replication } = createReplication([node.endpoint], { redis: { db: 1 } });
  await replication.onModuleInit();
  await once(writer, 'connect');
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

test('a command that is refused over and over is rejected in time, and not sent in a storm', async () => {
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

test('replies that come in one packet with a refusal do not delay the move to the next master', async () => {
  const node = await fakeNode();
  const { writer } = await openReplication([node.endpoint]);
  node.refuse('READONLY demoted', 'INCR');
  const replies = [writer.incr('counter'), writer.set('key', 'value')];
  await until('both were answered', () => sent(node, 'incr', 'set').length >= 2);
  node.allow();
  const startedAt = performance.now();
  expect(await Promise.all(replies)).toEqual([1, 'OK']);
  // The limit for replies that do not come is 250 ms.
  expect(performance.now() - startedAt).toBeLessThan(150);
});

test('while a node hangs nothing is written to it, and replies that come late count', async () => {
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
