import { inspect } from 'node:util';
import type { Redis } from 'ioredis';
import { RedisReplicationModule, staticNodes, type RedisReplicationOptions } from 'nestjs-redis-replication';
import { filter, firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startFakeNode } from '../support/fake-node.js';
import { matching } from '../support/matchers.js';
import { error } from '../support/resp.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { serverAtLeast } from '../support/server-under-test.js';
import { startApp, startModules, type TestApp } from '../support/test-app.js';
import { until } from '../../lib/testing/servers/until.js';
import { createUser } from '../support/users.js';

const USER = 'wöllmer-7f3a';
/** What breaks careless URLs, patterns and templates, each part long enough to be found again. */
const PASSWORD = 'pä$$//w@rd:%41?#&"\'`\\{0} ünd-mehr';
const REQUIRED = 'the-password-all-need';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup({ replicas: 1, password: REQUIRED });
});

afterAll(() => group.stop());

/** Everything that leaves the library in words. */
interface Utterances {
  add(what: string, value: unknown): void;
  /** Fails with the place where one of the secrets is found. */
  expectWithout(...secrets: readonly string[]): void;
}

function collectUtterances(): Utterances {
  const found: [string, string][] = [];
  const add = (what: string, value: unknown) => void found.push([what, textOf(value)]);
  return {
    add,
    expectWithout(...secrets) {
      const forms = secrets.flatMap((each) => [
        each,
        JSON.stringify(each).slice(1, -1),
        encodeURIComponent(each),
      ]);
      const leaks = found.filter(([, text]) => forms.some((form) => text.includes(form)));
      expect(leaks).toEqual([]);
    },
  };
}

function listenToConsole(utterances: Utterances): void {
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    const spy = vi.spyOn(console, method).mockImplementation((...words) => {
      utterances.add(`console.${method}`, words);
    });
    onTestFinished(() => spy.mockRestore());
  }
}

/** All own properties to any depth, hidden ones, causes and the arguments of commands included. */
function textOf(value: unknown): string {
  return inspect(value, { depth: Infinity, showHidden: true, maxStringLength: null, maxArrayLength: null });
}

function listen(utterances: Utterances, name: string, redis: Redis): void {
  redis.on('error', (reason) => utterances.add(`error of ${name}`, reason));
}

async function record(utterances: Utterances, what: string, work: Promise<unknown>): Promise<unknown> {
  const outcome = await work.catch((reason: unknown) => reason);
  utterances.add(what, outcome);
  return outcome;
}

/** What an app shows of a group from its start to its end. */
async function recordApp(utterances: Utterances, app: TestApp): Promise<void> {
  const { health, context, logs, topology$ } = app;
  utterances.add('health', await health.isWritable('redis', { timeoutMs: 100 }));
  const topologies = lastValueFrom(topology$.pipe(toArray()));
  await context.close();
  utterances.add('topologies', JSON.stringify(await topologies));
  utterances.add('health after the end', await health.isWritable('redis'));
  utterances.add('logs', logs.lines);
}

test.each([
  ['WRONGPASS', { username: USER, password: PASSWORD }],
  ['WRONGPASS', { password: PASSWORD }],
  ['NOAUTH', {}],
])('%s on every node tells no credential anywhere', async (code, redis) => {
  const utterances = collectUtterances();
  listenToConsole(utterances);
  const options = { redis, hold: { timeoutMs: 50 } };
  const app = await startApp(group.endpoints, { ...options, boot: 'background' });
  listen(utterances, 'writer', app.writer);
  listen(utterances, 'reader', app.reader);
  const { nodes } = await firstValueFrom(app.topology$.pipe(filter(({ kind }) => kind === 'masterless')));
  expect(nodes).toMatchObject([{ fault: code }, { fault: code }]);
  await record(utterances, 'a write', app.writer.set('key', 'value'));
  await recordApp(utterances, app);
  const required = startApp(group.endpoints, { ...options, bootTimeoutMs: 200 });
  expect(await record(utterances, 'the failed boot', required)).toBeInstanceOf(Error);
  utterances.expectWithout(USER, PASSWORD, REQUIRED);
});

test('a user whose rights end while the app runs leaves no trace of its credentials', async () => {
  const utterances = collectUtterances();
  listenToConsole(utterances);
  const user = { name: USER, password: PASSWORD };
  await createUser(group.nodes, { ...user, rules: ['~*', '&*', '+@all'] });
  const app = await startApp(group.endpoints, { redis: { username: USER, password: PASSWORD } });
  listen(utterances, 'writer', app.writer);
  const duplicate = app.writer.duplicate();
  listen(utterances, 'duplicate', duplicate);
  expect(await app.writer.set('key', 'value')).toBe('OK');
  await createUser(group.nodes, { ...user, rules: ['~*', '&*', '+@all', '-set', '-info'] });
  const refused: unknown = await app.writer.set('key', 'value').catch((reason: unknown) => reason);
  expect(refused).toMatchObject({ message: matching(/^NOPERM /) });
  // Later servers name the user in this reply, and it is passed on as it is.
  if (!serverAtLeast('Redis 7.2')) utterances.add('a forbidden write', refused);
  utterances.add('health', await app.health.isWritable('redis'));
  await createUser(group.nodes, { name: USER, password: 'another', rules: ['~*', '&*', '+@all'] });
  for (const node of group.nodes)
    for (const type of ['normal', 'pubsub'])
      await node.command('CLIENT', 'KILL', 'TYPE', type).catch(() => undefined);
  await until('no node can be used', async () => (await app.topology()).kind === 'masterless');
  await record(utterances, 'the end of the duplicate', duplicate.quit());
  await recordApp(utterances, app);
  utterances.expectWithout(USER, PASSWORD);
});

test('the error of a command that carries credentials does not quote them', async () => {
  const utterances = collectUtterances();
  const { writer } = await startApp(group.endpoints, { redis: { password: REQUIRED } });
  await record(utterances, 'auth', writer.auth(USER, PASSWORD));
  await record(utterances, 'call auth', writer.call('AUTH', USER, PASSWORD));
  await record(utterances, 'hello', writer.call('HELLO', '3', 'AUTH', USER, PASSWORD));
  await record(utterances, 'acl', writer.acl('SETUSER', USER, `>${PASSWORD}`, 'no such rule'));
  await record(utterances, 'config', writer.config('SET', 'requirepass', PASSWORD, 'no-such-option', USER));
  await record(utterances, 'pipeline', writer.pipeline().auth(USER, PASSWORD).exec());
  utterances.expectWithout(USER, PASSWORD);
});

/** As Redis 7.2 and later say it. */
function refusalOf(command: string): string {
  return `NOPERM User ${USER} has no permissions to run the '${command}' command`;
}

test('a command of the app is refused in the words of the server, which may name the user; nothing else does', async () => {
  const utterances = collectUtterances();
  listenToConsole(utterances);
  const node = await startFakeNode();
  onTestFinished(() => node.stop());
  const app = await startApp([node.endpoint], { redis: { username: USER, password: PASSWORD } });
  listen(utterances, 'writer', app.writer);
  node.refuse(refusalOf('set'), 'SET');
  await expect(app.writer.set('key', 'value')).rejects.toThrow(refusalOf('set'));
  await recordApp(utterances, app);
  utterances.expectWithout(USER, PASSWORD);
});

test('health does not name the user where the server does that in its refusal of a write', async () => {
  const utterances = collectUtterances();
  const node = await startFakeNode();
  onTestFinished(() => node.stop());
  const app = await startApp([node.endpoint], { redis: { username: USER, password: PASSWORD } });
  node.refuse(refusalOf('setrange'), 'SETRANGE');
  const health = await app.health.isWritable('redis');
  expect(health).toMatchObject({ redis: { status: 'down', reason: 'NOPERM' } });
  utterances.add('health', health);
  await recordApp(utterances, app);
  utterances.expectWithout(USER, PASSWORD);
});

test('neither topology nor logs name the user where the server does that in its refusal to tell its role', async () => {
  const utterances = collectUtterances();
  const node = await startFakeNode();
  onTestFinished(() => node.stop());
  const app = await startApp([node.endpoint], {
    redis: { username: USER, password: PASSWORD },
    boot: 'background',
  });
  for (const command of ['INFO', 'HELLO', 'ROLE']) node.refuse(refusalOf(command), command);
  node.dropConnections();
  await firstValueFrom(app.topology$.pipe(filter(({ kind }) => kind === 'masterless')));
  await until('the refusal was seen', async () => {
    const { nodes } = await app.topology();
    return nodes.some((each) => each.kind === 'unusable' && each.fault === 'NOPERM');
  });
  await recordApp(utterances, app);
  utterances.expectWithout(USER, PASSWORD);
});

test('servers that repeat the arguments of a command they do not know do not make us repeat them', async () => {
  const utterances = collectUtterances();
  listenToConsole(utterances);
  const node = await startFakeNode({
    onCommand: ([name = '', ...args]) =>
      /^(auth|hello)$/i.test(name)
        ? error(`ERR unknown command '${name}', with args beginning with: '${args.join("' '")}' `)
        : undefined,
  });
  onTestFinished(() => node.stop());
  const app = await startApp([node.endpoint], {
    redis: { username: USER, password: PASSWORD },
    boot: 'background',
  });
  listen(utterances, 'writer', app.writer);
  await firstValueFrom(app.topology$.pipe(filter(({ kind }) => kind !== 'unknown')));
  await recordApp(utterances, app);
  utterances.expectWithout(USER, PASSWORD);
});

/** Lets one connection log in, that of the first look. Those that follow are of the watcher, the writer and the reader. */
async function startNodeForOne(refusal: string) {
  let logins = 0;
  const node = await startFakeNode({
    onCommand: ([name = '', ...args]) => {
      const isLogin = /^(hello|auth)$/i.test(name) && args.length > 0;
      logins += isLogin ? 1 : 0;
      return isLogin && logins > 1 ? error(refusal) : undefined;
    },
  });
  onTestFinished(() => node.stop());
  return { endpoint: node.endpoint, logins: () => logins };
}

describe.each([
  ['WRONGPASS invalid username-password pair or user is disabled.'],
  [`ERR unknown command 'AUTH', with args beginning with: '${USER}' '${PASSWORD}' `],
])('a writer that is refused while observers are not (%#)', (refusal) => {
  const words = refusal.replace(/, with args.*/, '');
  const options = { redis: { username: USER, password: PASSWORD }, readFrom: 'replica' } as const;

  test('says so once, without credentials', async () => {
    const utterances = collectUtterances();
    listenToConsole(utterances);
    const { endpoint, logins } = await startNodeForOne(refusal);
    const app = await startApp([endpoint], { ...options, boot: 'background' });
    listen(utterances, 'writer', app.writer);
    await until('it has tried several times', () => logins() > 8);
    const lines = app.logs.of().filter(({ text }) => text.startsWith('writer: '));
    expect(lines).toEqual([
      {
        level: 'warn',
        context: 'RedisReplication',
        text: `writer: cannot use ${endpoint}: ${words}`,
        code: 'RR400',
      },
    ]);
    await recordApp(utterances, app);
    utterances.expectWithout(USER, PASSWORD);
  });

  test('is named as the reason of a failed boot, without credentials', async () => {
    const utterances = collectUtterances();
    listenToConsole(utterances);
    const { endpoint } = await startNodeForOne(refusal);
    const required = startApp([endpoint], { ...options, bootTimeoutMs: 1000 });
    const outcome = await record(utterances, 'the failed boot', required);
    expect(String(outcome)).toContain(`${endpoint} is the master, but the writer cannot use it: ${words}`);
    utterances.expectWithout(USER, PASSWORD);
  });
});

test.each([
  `redis://${USER}:secret-word@10.0.0.1:6379`,
  'redis://:secret-word@10.0.0.1:6379/0',
  'rediss://user:se//secret-word@10.0.0.1:6379',
  'rediss://user:secret-word@@10.0.0.1:6379',
  'redis://10.0.0.1:6379?password=secret-word',
  'user:secret-word@10.0.0.1:6379',
])('a URL with a credential in it is refused without quoting it: %s', (entry) => {
  const utterances = collectUtterances();
  let thrown: unknown;
  try {
    staticNodes([entry]);
  } catch (reason) {
    thrown = reason;
  }
  expect(thrown).toBeInstanceOf(TypeError);
  utterances.add('the error', thrown);
  utterances.expectWithout('secret-word', USER);
});

test.each([
  { source: 'redis://user:secret-word@10.0.0.1:6379' },
  { source: staticNodes(['10.0.0.1:6379']), redis: 'redis://user:secret-word@10.0.0.1:6379' },
  { source: staticNodes(['10.0.0.1:6379']), redis: { host: 'secret-word@10.0.0.1' } },
  { source: staticNodes(['10.0.0.1:6379']), readFrom: 'redis://user:secret-word@10.0.0.1' },
])('a URL in the place of another option is refused without quoting it: %#', async (options) => {
  const utterances = collectUtterances();
  const building = async () => {
    const valid: RedisReplicationOptions = { source: staticNodes(['10.0.0.1:6379']) };
    // As from plain JavaScript, where no compiler has looked at it.
    const useFactory = () => Object.assign(valid, options);
    await startModules([RedisReplicationModule.forRootAsync({ useFactory })]);
  };
  expect(await record(utterances, 'the error', building())).toBeInstanceOf(TypeError);
  utterances.expectWithout('secret-word');
});
