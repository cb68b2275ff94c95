import type { Topology } from 'nestjs-redis-replication';
import { filter, firstValueFrom } from 'rxjs';
import { expect, onTestFinished, test } from 'vitest';
import { masterOf } from '../../lib/topology/topology.js';
import { aNumber, matching } from '../support/matchers.js';
import { failoverTo, follow, plannedSwap } from '../../lib/testing/servers/replication.js';
import { startSentinels } from '../../lib/testing/servers/sentinel-group.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import { save } from '../support/save.js';
import { needsServer } from '../support/server-under-test.js';
import {
  cutReplication,
  errorsOf,
  inheritedBy,
  offsetOf,
  outgrow,
  promoteOver,
  setStage,
  type Member,
  type Stage,
} from '../support/stale-masters.js';
import { startApp } from '../support/test-app.js';
import { until } from '../../lib/testing/servers/until.js';

/** The load is over, the app has written 100 kB more to A, and knows its offset. */
async function writeMore({ app, load, a, when }: Stage): Promise<number> {
  await load.stop();
  for (let number = 0; number < 100; number++) await app.writer.set(`more:${number}`, 'x'.repeat(1000));
  const offset = await offsetOf(a);
  await when(({ nodes }) => nodes.some((node) => node.endpoint === a.endpoint && knows(node, offset)));
  return offset;
}

const knows = (node: object, offset: number) => 'offset' in node && node.offset === offset;

/** Waits until the app tells this loss, and no other. */
async function expectLoss(
  stage: Stage,
  loss: { kind: string; endpoint: string; bytes: number; keys?: number },
  words: string,
) {
  const { lastDataLoss } = await stage.when((topology) => topology.lastDataLoss !== undefined);
  expect(loss.bytes).toBeGreaterThan(0);
  expect(lastDataLoss).toEqual({ ...loss, at: aNumber });
  await until('the log tells', () => errorsOf(stage).length > 0);
  expect(errorsOf(stage)).toEqual([`data loss: ${words}`]);
}

test('what the heir never got from a master that died is told, to the byte', async () => {
  const stage = await setStage();
  const { a, b, c, whenMaster } = stage;
  await cutReplication(a, b, c);
  const offset = await writeMore(stage);
  await a.server.kill();
  await promoteOver(b, c);
  await whenMaster(b);
  const bytes = offset - (await inheritedBy(b));
  expect(bytes).toBeGreaterThan(100_000);
  const words = `${bytes} bytes of acknowledged writes never reached ${b.endpoint}`;
  await expectLoss(stage, { kind: 'not replicated', endpoint: b.endpoint, bytes }, words);
});

test.each<[string, (stage: Stage) => Promise<unknown>]>([
  ['is made a replica', ({ a, b }) => follow(a.server, b.server)],
  [
    'is restarted as a replica',
    async ({ a, b, when }) => {
      await a.server.kill();
      await when(({ nodes }) =>
        nodes.some(({ endpoint, kind }) => endpoint === a.endpoint && kind === 'unusable'),
      );
      await a.server.restart(['--replicaof', b.server.host, String(b.server.port)]);
    },
  ],
])(
  'what a superseded master goes on taking is counted, and told once more when it %s',
  async (_how, giveIn) => {
    const stage = await setStage();
    const { a, b, c, when, whenStale } = stage;
    await cutReplication(a, b, c);
    const offset = await writeMore(stage);
    await promoteOver(b);
    await whenStale(a);
    const bytes = offset - (await inheritedBy(b));
    const words = `${bytes} bytes of acknowledged writes never reached ${b.endpoint}`;
    await expectLoss(stage, { kind: 'not replicated', endpoint: b.endpoint, bytes }, words);
    await outgrow(a, b);
    const lostBytes = (await offsetOf(a)) - (await inheritedBy(b));
    expect(lostBytes).toBeGreaterThan(bytes + 1_000_000);
    await when(({ nodes }) => nodes.some((node) => isLosing(node, a, lostBytes)));
    const { lastDataLoss } = await when((topology) => topology.lastDataLoss?.bytes === lostBytes);
    expect(lastDataLoss).toMatchObject({ kind: 'not replicated', endpoint: b.endpoint });
    await giveIn(stage);
    await when(({ nodes }) => nodes.every(({ kind }) => kind === 'master' || kind === 'replica'));
    const last = `data loss: node ${a.endpoint} no longer claims to be the master; ${lostBytes} bytes that it accepted are lost`;
    expect(errorsOf(stage)).toEqual([`data loss: ${words}`, last]);
  },
);

function isLosing(node: object, { endpoint }: Member, bytes: number): boolean {
  const told = 'lostBytes' in node && node.lostBytes === bytes;
  return told && 'endpoint' in node && node.endpoint === endpoint;
}

test('what a master restarted from an old copy lacks is told, to the byte', async (context) => {
  needsServer(context, ['Redis 7.0', 'replication id that outlives a restart of the master']);
  const stage = await setStage();
  const { a } = stage;
  await save(a.server);
  const offset = await writeMore(stage);
  await a.server.kill();
  await a.server.restart();
  const bytes = offset - (await inheritedBy(a));
  expect(bytes).toBeGreaterThan(100_000);
  const words = `master ${a.endpoint} came back without its last ${bytes} bytes of acknowledged writes`;
  await expectLoss(stage, { kind: 'restarted behind', endpoint: a.endpoint, bytes }, words);
});

test('a master restarted without its data is told, with what it had', async (context) => {
  needsServer(context, ['Redis 7.0', 'INFO with several sections']);
  const stage = await setStage();
  const { a } = stage;
  const bytes = await writeMore(stage);
  const keys = Number(await a.server.command('DBSIZE'));
  await a.server.kill();
  await a.server.restart(['--dbfilename', 'none.rdb']);
  const words = `master ${a.endpoint} came back empty, and had ${keys} keys when it was probed last`;
  await expectLoss(stage, { kind: 'restarted empty', endpoint: a.endpoint, bytes, keys }, words);
});

test('a master restarted from its append-only file has a new replication id, and nothing is called lost', async () => {
  const stage = await setStage();
  const { a, when, app } = stage;
  await a.server.command('CONFIG', 'SET', 'appendonly', 'yes');
  await writeMore(stage);
  await until('the file is written', async () =>
    /aof_rewrite_in_progress:0[^]*aof_rewrite_scheduled:0/.test(
      String(await a.server.command('INFO', 'persistence')),
    ),
  );
  const id = await replicationIdOf(a);
  await a.server.kill();
  await when(({ kind }) => kind === 'masterless');
  await a.server.restart(['--appendonly', 'yes']);
  await when((topology) => topology.kind === 'steady' && topology.master === a.endpoint);
  expect(await replicationIdOf(a)).not.toBe(id);
  expect(await app.writer.get('more:99')).toHaveLength(1000);
  expect((await app.topology()).lastDataLoss).toBeUndefined();
  expect(errorsOf(stage)).toEqual([]);
});

async function replicationIdOf({ server }: Member): Promise<string> {
  return /master_replid:(\w+)/.exec(String(await server.command('INFO', 'replication')))?.[1] ?? '';
}

test.each([
  ['a planned swap', plannedSwap],
  ['a FAILOVER', ([from]: readonly Member['server'][], to: Member['server']) => from && failoverTo(from, to)],
])('of %s without a write under way, no loss is told', async (_name, failOver) => {
  const stage = await setStage();
  const { a, b, c, app, whenMaster } = stage;
  await writeMore(stage);
  await until('all have it', async () => (await offsetOf(a)) === (await offsetOf(b)));
  await failOver([a.server, b.server, c.server], b.server);
  await whenMaster(b);
  expect(await app.writer.get('more:99')).toHaveLength(1000);
  expect((await app.topology()).lastDataLoss).toBeUndefined();
  expect(errorsOf(stage).filter((text) => text.startsWith('data loss'))).toEqual([]);
});

test('a master that Sentinels left behind takes the writes of others for seconds, and none of ours', async () => {
  const group = await startGroup();
  onTestFinished(() => group.stop());
  const sentinels = await startSentinels(group);
  onTestFinished(() => sentinels.stop());
  const app = await startApp(group.endpoints);
  const { master: old } = group;
  await app.writer.rpush('ours', 'before');
  await sentinels.failover();
  const isMoved = (topology: Topology) => ![undefined, old.endpoint].includes(masterOf(topology));
  const moved = await firstValueFrom(app.topology$.pipe(filter(isMoved)));
  const heir = group.nodes.find(({ endpoint }) => endpoint === masterOf(moved));
  const progress = { issued: 0, foreign: 0, onOld: [] as unknown[] };
  const isDemoted = async () => {
    progress.issued += 1;
    await app.writer.rpush('ours', progress.issued);
    await old.command('SET', 'foreign', 'x'.repeat(10_000));
    const list = await old.command('LRANGE', 'ours', 0, -1);
    if (String(await old.command('ROLE')).startsWith('slave')) return true;
    progress.foreign += 1;
    progress.onOld.push(list);
    return false;
  };
  const hasEnded = () => isDemoted().catch((error: unknown) => String(error).includes('READONLY'));
  await until('it is demoted', hasEnded, { timeoutMs: 60_000 });
  expect(progress.foreign).toBeGreaterThan(100);
  expect(progress.onOld.at(-1)).toEqual(['before']);
  const numbers = Array.from({ length: progress.issued }, (_, index) => String(index + 1));
  expect(await heir?.command('LRANGE', 'ours', 0, -1)).toEqual(['before', ...numbers]);
  const told = () => app.logs.of().flatMap(({ level, text }) => (level === 'error' ? [text] : []));
  const last = matching(
    `^data loss: node ${old.endpoint} no longer claims to be the master; \\d{6,} bytes that it accepted are lost$`,
  );
  await until('the log tells', () => told().length > 1, { state: () => app.logs.of() });
  expect(told()).toEqual([matching(/^data loss: \d+ bytes of acknowledged writes never reached/), last]);
}, 90_000);
