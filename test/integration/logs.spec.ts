import { NestFactory } from '@nestjs/core';
import { filter, firstValueFrom, throwError } from 'rxjs';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { countNodes } from '../support/counted-nodes.js';
import { fakeId } from '../support/fake-node-state.js';
import { startFakeNode, type FakeNode, type FakeNodeOptions } from '../support/fake-node.js';
import { matching } from '../support/matchers.js';
import { recordLogs } from '../support/recorded-logs.js';
import { follow, plannedSwap, promote, whenInSync } from '../../lib/testing/servers/replication.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { replicationOf, startApp, startModules, type TestApp } from '../support/test-app.js';
import { until } from '../../lib/testing/servers/until.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup({ replicas: 1 });
});

afterAll(() => group.stop());

async function fakeNode(options: FakeNodeOptions): Promise<FakeNode> {
  const node = await startFakeNode(options);
  onTestFinished(() => node.stop());
  return node;
}

async function whenGeneration({ topology$ }: TestApp, generation: number): Promise<void> {
  await firstValueFrom(topology$.pipe(filter((each) => each.generation === generation)));
}

function linesOf({ logs }: TestApp): string[] {
  return logs.of().map(({ level, text }) => `${level} ${text}`);
}

test('a failover between real servers is one line for each thing that happened, and nothing is said twice', async () => {
  const [{ master: old }, heir] = [group, group.replicas[0]];
  if (heir === undefined) throw new Error('A group has a replica');
  const nodes = countNodes(group.endpoints);
  const app = await startApp(group.endpoints, { source: nodes.source });
  onTestFinished(async () => {
    await plannedSwap(group.nodes, old);
    await whenInSync(old, [heir]);
  });
  await promote(heir);
  await whenGeneration(app, 2);
  await nodes.whenProbed(old.endpoint, 3);
  await follow(old, heir);
  await whenInSync(heir, [old]);
  await nodes.whenProbed(old.endpoint, 5);
  expect(linesOf(app)).toEqual([
    `log master is ${old.endpoint}, generation 1`,
    matching(
      `^warn failover: master ${old.endpoint} → ${heir.endpoint} promoted within the last \\d+ ms, cause: poll, generation 2$`,
    ),
    `warn node ${old.endpoint} still claims to be the master but was superseded: it gets no writes`,
  ]);
});

test('the time without a master is a line of its own, with the cause and what each node says', async () => {
  const replid = fakeId('one history');
  const old = await fakeNode({ replid, runId: fakeId('old') });
  const heir = await fakeNode({ replid, runId: fakeId('heir'), role: 'replica', master: old.endpoint });
  const app = await startApp([old.endpoint, heir.endpoint]);
  old.become('replica', { master: heir.endpoint });
  const { cause } = await firstValueFrom(app.topology$.pipe(filter(({ kind }) => kind === 'masterless')));
  heir.become('master');
  await whenGeneration(app, 2);
  const [before, during, after, ...more] = linesOf(app);
  const replicas = [old.endpoint, heir.endpoint].toSorted().map((each) => `${each} (replica, link up)`);
  expect(before).toBe(`log master is ${old.endpoint}, generation 1`);
  expect(during).toBe(
    `warn writes are held, cause: ${cause}; no node is a master: ${replicas.join(', ')}; promote a node to end this`,
  );
  const when = cause === 'poll' ? 'promoted within the last' : 'in';
  expect(after).toMatch(
    new RegExp(
      `^warn failover: master ${old.endpoint} → ${heir.endpoint} ${when} \\d+ ms, cause: ${cause}, generation 2$`,
    ),
  );
  expect(more).toEqual([]);
});

test('a node that goes and comes back is two lines, however often it was looked at', async () => {
  const master = await fakeNode({ runId: fakeId('master') });
  const replica = await fakeNode({ runId: fakeId('replica'), role: 'replica', master: master.endpoint });
  const nodes = countNodes([master.endpoint, replica.endpoint]);
  const app = await startApp([master.endpoint, replica.endpoint], { source: nodes.source });
  replica.refuseConnections();
  replica.dropConnections();
  await nodes.whenProbed(replica.endpoint, 5);
  await replica.acceptConnections();
  await until('it answers', async () => {
    const { nodes: seen } = await app.topology();
    return seen.every(({ reachable }) => reachable);
  });
  await nodes.whenProbed(replica.endpoint, 5);
  expect(linesOf(app)).toEqual([
    `log master is ${master.endpoint}, generation 1`,
    `warn node ${replica.endpoint} cannot be used: REFUSED, connect ECONNREFUSED ${replica.endpoint}`,
    `log node ${replica.endpoint} answers again`,
  ]);
});

test('two masters without a common history are an error that names both, once that has lasted', async () => {
  const [one, two] = [
    await fakeNode({ replid: fakeId('A') }),
    await fakeNode({ replid: fakeId('B'), runId: fakeId('B') }),
  ];
  const app = await startApp([one.endpoint, two.endpoint], { boot: 'background' });
  await firstValueFrom(app.topology$.pipe(filter(({ kind }) => kind === 'contested')));
  expect(linesOf(app)).toEqual([]);
  await until('the alarm is raised', () => linesOf(app).length > 0);
  const [first, second] = [one.endpoint, two.endpoint].toSorted();
  expect(linesOf(app)).toEqual([
    `error split brain: ${first} and ${second} claim to be the master, and replication history does not show which one is the heir; ` +
      'writes are held: make one of them a replica of the other, generation 0',
  ]);
});

test('each instance logs under its name', async () => {
  const { logs } = await startModules([
    replicationOf(group.endpoints, { boot: 'required' }),
    replicationOf(group.endpoints, { boot: 'required', name: 'sessions' }),
  ]);
  const lines = [`master is ${group.master.endpoint}, generation 1`];
  expect(logs.of('RedisReplication').map(({ text }) => text)).toEqual(lines);
  expect(logs.of('RedisReplication(sessions)').map(({ text }) => text)).toEqual(lines);
});

test('lines go to the logger of the app, those from before it was set as well', async () => {
  const logs = recordLogs();
  const app = await NestFactory.createApplicationContext(
    replicationOf(group.endpoints, { boot: 'required' }),
    {
      abortOnError: false,
      bufferLogs: true,
      autoFlushLogs: false,
    },
  );
  onTestFinished(() => app.close());
  expect(logs.lines).toEqual([]);
  app.useLogger(logs);
  app.flushLogs();
  expect(logs.of()).toEqual([
    {
      level: 'log',
      context: 'RedisReplication',
      text: `master is ${group.master.endpoint}, generation 1`,
      code: 'RR100',
    },
  ]);
});

test('whatever a text holds, it is one line of the log', async () => {
  const source = () => throwError(() => new Error('one\r\n[Nest] ERROR forged \u001b[2J'));
  const app = await startApp(['127.0.0.1:1'], { source, boot: 'background' });
  await until('it is told', () => linesOf(app).length > 0);
  expect(linesOf(app)[0]).toMatch(/^warn the source of nodes failed: one \[Nest\] ERROR forged +\[2J$/);
});
