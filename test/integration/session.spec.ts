import type { Redis } from 'ioredis';
import { NotAppliedError, RefusedCommandError } from 'nestjs-redis-replication';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { startFakeNode, type FakeNode, type FakeNodeOptions } from '../support/fake-node.js';
import { matching } from '../support/matchers.js';
import { openReplication } from '../support/open-replication.js';
import { plannedSwap } from '../../lib/testing/servers/replication.js';
import { error } from '../support/resp.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { needsServer, serverAtLeast } from '../support/server-under-test.js';
import { until } from '../../lib/testing/servers/until.js';
import { createUser } from '../support/users.js';
import { emitted } from '../support/emitted.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

beforeEach(() => restoreGroup(group));

afterAll(() => group.stop());

/** Makes another node the master, and waits until the writer is connected to it. */
async function swap(opened: Awaited<ReturnType<typeof openReplication>>) {
  const [heir] = group.replicas;
  if (heir === undefined) throw new Error('there is no replica');
  const isMaster = opened.whenMaster(heir);
  await plannedSwap(group.nodes, heir);
  await isMaster;
  expect(await opened.writer.set('swapped', 'value')).toBe('OK');
  return heir;
}

describe('restored on the connection to the next master', () => {
  test('the login of a runtime AUTH', async () => {
    const rules = ['~*', '&*', '+@all'];
    await createUser(group.nodes, { name: 'later', password: 'renewed', rules });
    const opened = await openReplication(group.endpoints);
    expect(await opened.writer.auth('later', 'renewed')).toBe('OK');
    await swap(opened);
    expect(await opened.writer.call('ACL', 'WHOAMI')).toBe('later');
  });

  test('not a login that the server has refused', async () => {
    const opened = await openReplication(group.endpoints);
    await expect(opened.writer.auth('nobody', 'wrong')).rejects.toThrow('WRONGPASS');
    await swap(opened);
    expect(await opened.writer.call('ACL', 'WHOAMI')).toBe('default');
  });

  test('the name of CLIENT SETNAME', async () => {
    const opened = await openReplication(group.endpoints);
    await opened.writer.client('SETNAME', 'my-name');
    await swap(opened);
    expect(await opened.writer.client('GETNAME')).toBe('my-name');
  });

  test('CLIENT NO-EVICT', async (context) => {
    needsServer(context, ['Redis 7.0', 'CLIENT NO-EVICT']);
    const opened = await openReplication(group.endpoints);
    await opened.writer.client('NO-EVICT', 'ON');
    await swap(opened);
    expect(await opened.writer.client('INFO')).toMatch(/ flags=\w*e/);
  });

  test('the database, also where SELECT was given to call() in upper case', async () => {
    const opened = await openReplication(group.endpoints);
    await opened.writer.call('SELECT', '3');
    const heir = await swap(opened);
    await opened.writer.set('in three', 'value');
    expect(await opened.writer.client('INFO')).toContain(' db=3 ');
    expect(await heir.command('EXISTS', 'in three')).toBe(0);
  });

  test('nothing on a duplicate, which has the options of the module', async () => {
    const { writer } = await openReplication(group.endpoints);
    await writer.client('SETNAME', 'my-name');
    const duplicate = writer.duplicate();
    onTestFinished(() => duplicate.disconnect());
    expect(await duplicate.client('GETNAME')).toBe('nestjs-redis-replication:writer:duplicate');
  });
});

describe('a database that cannot be selected', () => {
  test('is not that of later commands, before and after a change of master', async () => {
    const opened = await openReplication(group.endpoints);
    await opened.writer.select(2);
    await expect(opened.writer.select(99)).rejects.toThrow('DB index is out of range');
    await opened.writer.set('a', 'value');
    await swap(opened);
    await opened.writer.set('b', 'value');
    expect(await opened.writer.client('INFO')).toContain(' db=2 ');
    expect(await opened.writer.exists('a', 'b')).toBe(2);
  });

  test('because there is no node is not that of later commands either', async () => {
    const node = await fakeNode();
    const { writer } = await openReplication([node.endpoint], { hold: { timeoutMs: 100 } });
    const { stream } = writer;
    node.refuseConnections();
    node.dropConnections();
    await until('it is closed', () => stream.destroyed);
    await expect(writer.select(3)).rejects.toBeInstanceOf(NotAppliedError);
    await node.acceptConnections();
    await until('it is ready', () => writer.status === 'ready');
    await writer.set('key', 'value');
    expect(node.commands.filter(([name]) => name === 'select')).toEqual([]);
  });
});

const refused: readonly (readonly [string, ...string[]])[] = [
  ['CLIENT', 'REPLY', 'OFF'],
  ['CLIENT', 'REPLY', 'SKIP'],
  ['CLIENT', 'TRACKING', 'ON'],
  ['CLIENT', 'CACHING', 'YES'],
  ['HELLO', '3', 'AUTH', 'user', 'secret-word'],
  ['HELLO', '2'],
  ['MONITOR'],
  ['PSYNC', '?', '-1'],
  ['RESET'],
  ['SCRIPT', 'DEBUG', 'YES'],
  ['SYNC'],
  ['monitor'],
  ['client', 'reply', 'off'],
];

describe.each(refused.map((argv) => [argv.join(' '), argv] as const))('%s', (_, [name, ...args]) => {
  test.each(['writer', 'reader'] as const)(
    'is refused by the %s with a reason, and not sent',
    async (which) => {
      const node = await fakeNode();
      const opened = await openReplication([node.endpoint]);
      const redis = opened[which];
      const before = node.commands.length;
      const refusal: unknown = await redis.call(name, ...args).catch((reason: unknown) => reason);
      expect(refusal).toMatchObject({
        code: matchingRefusal(which),
        message: matching(/ was refused/),
      });
      expect(String(refusal)).not.toContain('secret-word');
      expect(await redis.get('key')).toBeNull();
      const isIt = ([given = '', first]: readonly string[]) =>
        given.toLowerCase() === name.toLowerCase() && first?.toLowerCase() === args[0]?.toLowerCase();
      expect(
        node.commands
          .slice(before)
          .filter(isIt)
          .filter(([given]) => given !== 'HELLO'),
      ).toEqual([]);
    },
  );
});

const matchingRefusal = (which: string): unknown =>
  which === 'writer' ? 'REFUSED_COMMAND' : matching(/^(REFUSED_COMMAND|READ_ONLY_CONNECTION)$/);

test('the other members of a pipeline are executed, and none of a transaction', async () => {
  const { writer } = await openReplication(group.endpoints);
  const replies = await writer.pipeline().set('a', '1').call('RESET').get('a').exec();
  expect(replies).toEqual([[null, 'OK'], [expect.any(RefusedCommandError)], [null, '1']]);
  const transaction = writer.multi().set('b', '1').call('RESET').exec();
  await expect(transaction).rejects.toThrow('EXECABORT');
  await expect(transaction).rejects.toMatchObject({ previousErrors: [{ code: 'REFUSED_COMMAND' }] });
  await writer.multi({ pipeline: false });
  await writer.set('b', '1');
  await expect(writer.call('RESET')).rejects.toBeInstanceOf(RefusedCommandError);
  await expect(writer.exec()).rejects.toThrow('EXECABORT');
  expect(await writer.exists('b')).toBe(0);
});

async function fakeNode(options?: FakeNodeOptions): Promise<FakeNode> {
  const node = await startFakeNode(options);
  onTestFinished(() => node.stop());
  return node;
}

/** What arrives on each new connection of the app, from the first command of the app on. */
function sentAfter(node: FakeNode, index: number): readonly string[] {
  return node.commands
    .slice(index)
    .map((argv) => argv.join(' '))
    .filter(
      (text) =>
        /^(client|readonly|readwrite|set) /i.test(`${text} `) && !/SETNAME|MAINT_NOTIFICATIONS/i.test(text),
    );
}

const kept: readonly (readonly [string, ...string[]])[] = [
  ['client', 'SETINFO', 'LIB-NAME', 'mine'],
  ['client', 'NO-TOUCH', 'ON'],
  ['client', 'NO-EVICT', 'ON'],
  ['client', 'CAPA', 'redirect'],
  ['client', 'IMPORT-SOURCE', 'ON'],
];

async function loseConnection(writer: Redis, node: FakeNode): Promise<number> {
  const index = node.commands.length;
  const closed = emitted(writer, 'close');
  node.dropConnections();
  await closed;
  return index;
}

test.each(kept.map((argv) => [argv.join(' '), argv] as const))(
  '%s is sent on the next connection, before what was held',
  async (text, [name, ...args]) => {
    const node = await fakeNode();
    const { writer } = await openReplication([node.endpoint], { redis: { disableClientInfo: true } });
    await writer.call(name, ...args);
    const index = await loseConnection(writer, node);
    await writer.set('key', 'value');
    expect(sentAfter(node, index)).toEqual([text, 'set key value']);
  },
);

test('of several settings of one kind, the last counts, and one that was refused does not', async () => {
  const node = await fakeNode({
    onCommand: ([, subcommand]) => (subcommand === 'NO-TOUCH' ? error('ERR unknown subcommand') : undefined),
  });
  const { writer } = await openReplication([node.endpoint], { redis: { disableClientInfo: true } });
  await writer.client('NO-EVICT', 'ON');
  await writer.client('NO-EVICT', 'OFF');
  await writer.call('CLIENT', 'NO-TOUCH', 'ON').catch(() => undefined);
  const index = await loseConnection(writer, node);
  await writer.set('key', 'value');
  expect(sentAfter(node, index)).toEqual(['client NO-EVICT OFF', 'set key value']);
});

test('a setting that the next node refuses is told once, and commands go on', async () => {
  const state = { knows: true };
  const node = await fakeNode({
    onCommand: ([, subcommand]) =>
      subcommand === 'NO-EVICT' && !state.knows ? error('ERR unknown subcommand') : undefined,
  });
  const { writer, notes } = await openReplication([node.endpoint]);
  await writer.client('NO-EVICT', 'ON');
  state.knows = false;
  for (let count = 0; count < 2; count += 1) {
    await loseConnection(writer, node);
    expect(await writer.set('key', 'value')).toBe('OK');
  }
  const told = notes.filter((note) => note.includes('could not be restored'));
  expect(told).toEqual([`writer: CLIENT NO-EVICT could not be restored on ${node.endpoint}: ERR`]);
});

test('what only reports or ends a setting passes', async () => {
  const { writer } = await openReplication(group.endpoints);
  expect(await writer.call('HELLO')).toContain('master');
  expect(await writer.client('REPLY', 'ON')).toBe('OK');
  if (serverAtLeast('Redis 6.2')) expect(await writer.client('TRACKING', 'OFF')).toBe('OK');
  expect(await writer.call('SCRIPT', 'EXISTS', 'abc')).toEqual([0]);
});
