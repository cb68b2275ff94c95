import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { NotAppliedError, type RedisReplicationOptions } from 'nestjs-redis-replication';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { rolesOf, type GroupRoles } from '../support/group-roles.js';
import { openReplication, type OpenReplication } from '../support/open-replication.js';
import { follow, promote, whenInSync } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { until } from '../../lib/testing/servers/until.js';
import { createUser } from '../support/users.js';
import { emitted } from '../support/emitted.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

beforeEach(() => restoreGroup(group));

afterAll(() => group.stop());

interface Stage extends GroupRoles, OpenReplication {
  /** A connection of its own that pipelines by itself. */
  readonly auto: Redis;
}

/** A way to be rejected without having been executed. */
interface Way {
  readonly name: string;
  readonly options?: Partial<RedisReplicationOptions>;
  /** Once the master is gone, before anything is issued. */
  readonly prepare?: (stage: Stage) => unknown;
  /** Once all is issued: what makes it be rejected, where time alone does not. */
  readonly act?: (stage: Stage) => unknown;
  readonly error?: RegExp;
  /** What of the app can write afterwards. */
  readonly reopen?: (stage: Stage) => Promise<Redis>;
}

const connections = ({ writer, auto }: Stage) => [writer, auto];

async function reconnect({ writer }: Stage): Promise<Redis> {
  if (writer.status !== 'end') await emitted(writer, 'end');
  await writer.connect();
  return writer;
}

const maxCommands = 2;

const ways: readonly Way[] = [
  { name: 'it was held for too long', options: { hold: { timeoutMs: 50 } } },
  {
    name: 'it timed out while it was held',
    options: { redis: { commandTimeout: 50 } },
    error: /^Command timed out$/,
  },
  {
    name: 'too much was held already',
    options: { hold: { maxCommands } },
    prepare(stage) {
      for (const connection of connections(stage))
        connection
          .pipeline()
          .incr('filler')
          .incr('filler')
          .exec()
          .catch(() => undefined);
    },
  },
  {
    name: 'the connection was closed',
    act: (stage) => connections(stage).forEach((connection) => connection.disconnect()),
    reopen: reconnect,
  },
  {
    name: 'the connection was closed by QUIT',
    act: (stage) => Promise.all(connections(stage).map((connection) => connection.quit())),
    reopen: reconnect,
  },
  {
    name: 'the app was shut down',
    act: ({ replication }) => replication.onApplicationShutdown(),
    reopen: async () => (await openReplication(group.endpoints)).writer,
  },
];

const ghost = (name: string) => `ghost:${name}`;
const failure = (promise: Promise<unknown>) =>
  promise.then(
    (value) => new Error(`It was answered: ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );

/** One write in each form in which an app can issue it; how each of them ends. */
async function issueGhosts({ writer, auto }: Stage): Promise<readonly unknown[]> {
  const single = [failure(writer.set(ghost('single'), 1)), failure(writer.incr(ghost('counter')))];
  const members = writer.pipeline().set(ghost('member'), 1).rpush(ghost('list'), 1).exec();
  const batch = [['set', ghost('before'), '1'], ['multi'], ['incr', ghost('inside')], ['exec']];
  const mixed = writer.pipeline(batch).exec();
  const automatic = [failure(auto.set(ghost('auto'), 1)), failure(auto.incr(ghost('auto:counter')))];
  const unit = failure(writer.multi().set(ghost('unit'), 1).incr(ghost('unit:counter')).exec());
  writer.multi({ pipeline: false }).catch(() => undefined);
  const oneByOne = [failure(writer.set(ghost('by-hand'), 1)), failure(writer.exec())];
  // A replica that refuses what follows answers MULTI itself.
  const withoutMulti = (await mixed)?.filter((_reply, index) => index !== 1);
  const pipelined = [...((await members) ?? []), ...(withoutMulti ?? [])].map(
    ([error, value]) => error ?? value,
  );
  return [...(await Promise.all([...single, ...automatic, unit, ...oneByOne])), ...pipelined];
}

async function ghostsOn(nodes: ServerGroup['nodes']): Promise<readonly unknown[]> {
  return (await Promise.all(nodes.map((node) => node.command('KEYS', 'ghost:*')))).flat();
}

async function promoteHeir({ heir, other }: GroupRoles): Promise<void> {
  await promote(heir);
  await follow(other, heir);
}

async function openStage(options: Partial<RedisReplicationOptions> = {}): Promise<Stage> {
  const opened = await openReplication(group.endpoints, options);
  const auto = opened.writer.duplicate({ enableAutoPipelining: true });
  onTestFinished(() => auto.disconnect());
  await until('it is ready', () => auto.status === 'ready');
  return { ...opened, ...rolesOf(group), auto };
}

test.each(ways)('what was rejected because $name never reaches a server', async (way) => {
  const stage = await openStage(way.options);
  const { master, heir, other, writer } = stage;
  await master.kill();
  await stage.whenTopology(({ kind }) => kind === 'masterless');
  way.prepare?.(stage);
  const ghosts = issueGhosts(stage);
  // A pipeline that is put together by itself is issued a moment later.
  await nextTurn();
  await way.act?.(stage);
  for (const error of await ghosts) {
    if (way.error === undefined) expect(error).toBeInstanceOf(NotAppliedError);
    else expect(error).toHaveProperty('message', expect.stringMatching(way.error));
  }
  await promoteHeir(stage);
  const survivor = (await way.reopen?.(stage)) ?? writer;
  await until('a later write has arrived', async () => (await survivor.set('later', 'value')) === 'OK');
  await whenInSync(heir, [other]);
  expect(await other.command('GET', 'later')).toBe('value');
  expect(await ghostsOn([heir, other])).toEqual([]);
  const fillers = way.prepare === undefined ? null : String(2 * maxCommands);
  expect(await heir.command('GET', 'filler')).toBe(fillers);
});

test('what the old master refused, and was rejected while it waited for the next, never reaches a server', async () => {
  // Nobody but the refused command itself tells that the master is demoted.
  const user = { name: 'app', password: 'secret', rules: ['~*', '&*', '+@all', '-xread'] };
  await createUser(group.nodes, user);
  const redis = { username: user.name, password: user.password };
  const stage = await openStage({ redis, pollIntervalMs: 60_000, hold: { timeoutMs: 50 } });
  const { master, heir, writer } = stage;
  await follow(master, heir);
  for (const error of await issueGhosts(stage)) expect(error).toBeInstanceOf(NotAppliedError);
  expect(await master.command('INFO', 'errorstats')).toMatch(/errorstat_READONLY:count=[1-9]/);
  await promoteHeir(stage);
  await until('a later write has arrived', async () => (await writer.set('later', 'value')) === 'OK');
  await whenInSync(heir, [master]);
  expect(await ghostsOn(group.nodes)).toEqual([]);
});

test('of what is held until the very moment of a promotion, just what was answered has run', async () => {
  const stage = await openStage({ hold: { timeoutMs: 100 } });
  const { master, heir, writer } = stage;
  await master.kill();
  await stage.whenTopology(({ kind }) => kind === 'masterless');
  const ended = { answered: [] as string[], rejected: [] as string[], other: [] as unknown[] };
  const issue = async (key: string) => {
    await writer.set(key, 1).then(
      () => ended.answered.push(key),
      (error: unknown) => (error instanceof NotAppliedError ? ended.rejected : ended.other).push(key),
    );
  };
  const issued: Promise<void>[] = [];
  const issueUntil = async (isOver: () => boolean) => {
    while (!isOver()) {
      issued.push(issue(ghost(String(issued.length))));
      await nextTurn();
    }
  };
  await issueUntil(() => ended.rejected.length > 0);
  const promoted = promoteHeir(stage);
  await issueUntil(() => ended.answered.length > 0);
  await promoted;
  await Promise.all(issued);
  expect(ended.other).toEqual([]);
  expect(ended.rejected.length + ended.answered.length).toBe(issued.length);
  expect(new Set(await ghostsOn([heir]))).toEqual(new Set(ended.answered));
});

test('commands that are pipelined automatically may wait in no greater number than others', async () => {
  const { master, auto, whenTopology } = await openStage({ hold: { maxCommands: 1, timeoutMs: 60_000 } });
  await master.kill();
  await whenTopology(({ kind }) => kind === 'masterless');
  const held = failure(auto.incr('held'));
  await nextTurn();
  const rejected: unknown[] = [];
  void failure(auto.incr('one too many')).then((error) => rejected.push(error));
  await until('the second is rejected', () => rejected.length === 1);
  expect(rejected[0]).toHaveProperty('reason', expect.stringContaining('1 commands are held already'));
  auto.disconnect();
  expect(await held).toBeInstanceOf(NotAppliedError);
});
