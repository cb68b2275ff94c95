import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { startFakeNode } from '../support/fake-node.js';
import { matching } from '../support/matchers.js';
import { startRedisServer, type RedisServer } from '../../lib/testing/servers/redis-server.js';
import { startProxy, type TcpProxy } from '../../lib/testing/network/tcp-proxy.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { until } from '../../lib/testing/servers/until.js';

let server: RedisServer;
let proxy: TcpProxy;

beforeEach(async () => {
  server = await startRedisServer({});
  proxy = await startProxy(server.port);
});

afterEach(async () => {
  await proxy.stop();
  await server.stop();
});

const linesOf = ({ logs }: TestApp, wanted: RegExp) =>
  logs
    .of()
    .map(({ level, text }) => `${level} ${text}`)
    .filter((line) => wanted.test(line));

async function whenTold(app: TestApp, wanted: RegExp): Promise<void> {
  await until(`the log has ${wanted}`, () => linesOf(app, wanted).length > 0, { state: () => app.logs.of() });
}

async function lose(app: TestApp): Promise<void> {
  app.logs.forget();
  proxy.refuse();
  proxy.cut();
  await firstValueFrom(app.topology$.pipe(filter(({ kind }) => kind === 'masterless')));
}

const failureOf = (command: Promise<unknown>) => command.catch((error: unknown) => error);

test('held commands that begin to be rejected are one error, with an end and the numbers', async () => {
  const app = await startApp([proxy.endpoint], {
    hold: { timeoutMs: 60, maxCommands: 2 },
    readFrom: 'replica',
  });
  await lose(app);
  const failures = [1, 2, 3].map((number) => failureOf(app.writer.set('key', number)));
  await Promise.all(failures);
  expect(await failureOf(app.writer.set('key', 4))).toMatchObject({ code: 'NOT_APPLIED' });
  await proxy.accept();
  await whenTold(app, /^log writer: commands are taken again after \d+ ms$/);
  expect(linesOf(app, /writer: commands are/)).toEqual([
    matching('^error writer: commands are rejected: 2 commands are held already; no node is a master: '),
    matching('^log writer: commands are taken again after \\d+ ms$'),
  ]);
  expect(linesOf(app, /writer: on/)).toEqual([
    matching(
      `^warn writer: on ${proxy.endpoint} after \\d+ ms: 0 held commands sent, 0 unknown, 4 rejected$`,
    ),
  ]);
});

test('an interruption tells how many commands were held and how many are unknown', async () => {
  const app = await startApp([proxy.endpoint], { readFrom: 'replica' });
  proxy.swallowReplies();
  const lost = [failureOf(app.writer.incr('counter')), app.writer.get('counter')];
  await until('they ran', async () => (await server.command('GET', 'counter')) === '1');
  await lose(app);
  const held = [app.writer.set('a', 1), app.writer.set('b', 1)];
  proxy.heal();
  await proxy.accept();
  await Promise.all([...lost, ...held]);
  expect(linesOf(app, /writer: on/)).toEqual([
    matching(
      `^warn writer: on ${proxy.endpoint} after \\d+ ms: 3 held commands sent, 1 unknown, 0 rejected$`,
    ),
  ]);
});

test('no master for as long as commands are held is one error, with an end', async () => {
  const app = await startApp([proxy.endpoint], { hold: { timeoutMs: 50 }, readFrom: 'replica' });
  await lose(app);
  await whenTold(app, /^error no master for 50 ms; no node is a master: /);
  await proxy.accept();
  await whenTold(app, /^log there is a master again: /);
  expect(linesOf(app, /^error /)).toHaveLength(1);
});

test.each([
  ['OOM', "OOM command not allowed when used memory > 'maxmemory'."],
  ['NOREPLICAS', 'NOREPLICAS Not enough good replicas to write.'],
  [
    'MISCONF',
    'MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk.',
  ],
])('%s refusals of commands of the app are told once, with an end', async (code, message) => {
  const node = await startFakeNode();
  onTestFinished(() => node.stop());
  const app = await startApp([node.endpoint], { readFrom: 'replica' });
  node.refuse(message, 'SET', 'INCR');
  for (const number of [1, 2, 3]) {
    expect(await failureOf(app.writer.set('key', number))).toHaveProperty('message', message);
  }
  // It is no write, so it shows nothing.
  await app.writer.get('key');
  expect(linesOf(app, /writer: /)).toEqual([`warn writer: ${node.endpoint} refuses writes: ${message}`]);
  node.allow();
  await app.writer.set('key', 4);
  await app.writer.set('key', 5);
  expect(linesOf(app, /writer: /).slice(1)).toEqual([`log writer: writes are taken again after ${code}`]);
});

test('an error of the connection in use names its node', async () => {
  const app = await startApp([proxy.endpoint], { readFrom: 'replica' });
  app.writer.stream.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  const line = `warn writer: the connection to ${proxy.endpoint} failed: read ECONNRESET`;
  await until('it is told', () => linesOf(app, /writer: /).includes(line), { state: () => app.logs.of() });
});
