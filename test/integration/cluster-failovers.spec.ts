import type { Cluster } from 'ioredis';
import { onTestFinished, expect, test, describe } from 'vitest';
import { FollowingCluster } from '../../lib/cluster/following-cluster.js';
import { handOver, startCluster, type ClusterGroup } from '../support/cluster-group.js';
import { openCluster, shardOf, type OpenCluster } from '../support/open-cluster.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';

/** A key on each shard of a cluster with three. */
const keys = ['{b}', '{a}', '{c}'] as const;
const [key, ...others] = keys;

interface Stage extends OpenCluster {
  readonly group: ClusterGroup;
  readonly master: RedisServer;
  readonly heir: RedisServer;
}

interface StageOptions {
  readonly args?: readonly string[];
  readonly options?: Parameters<typeof openCluster>[1];
}

async function setStage({ args = [], options = {} }: StageOptions = {}): Promise<Stage> {
  const group = await startCluster({ elections: true, args });
  onTestFinished(() => group.stop());
  const opened = await openCluster(group.endpoints.slice(0, 2), options);
  const master = await group.masterOf(key);
  const [heir] = await group.replicasOf(master);
  if (heir === undefined) throw new Error('A shard has a replica');
  return { ...opened, group, master, heir };
}

interface Failover {
  readonly name: string;
  readonly strike: (stage: Stage) => unknown;
  /** Afterwards, so that the old master is there again. */
  readonly mend?: (stage: Stage) => unknown;
  /** Whether the replies of commands under way are lost. */
  readonly losesReplies: boolean;
}

const failovers: readonly Failover[] = [
  { name: 'its master is killed', strike: ({ master }) => master.kill(), losesReplies: true },
  {
    name: 'its master hangs',
    strike: ({ master }) => master.hang(),
    mend: ({ master }) => master.resume(),
    losesReplies: true,
  },
  {
    name: 'CLUSTER FAILOVER hands over',
    strike: ({ heir }) => handOver(heir),
    losesReplies: false,
  },
  {
    name: 'CLUSTER FAILOVER TAKEOVER replaces its master',
    strike: ({ heir }) => heir.command('CLUSTER', 'FAILOVER', 'TAKEOVER'),
    losesReplies: true,
  },
];

/** Increments a counter on each shard without pause, each as soon as the one before has ended. */
function load(writer: Cluster) {
  const errors: Error[] = [];
  const done = new Map<string, number>();
  const flow = { isOn: true };
  // Also if the test fails: on a closed connection it would fail without a pause for ever.
  onTestFinished(() => void (flow.isOn = false));
  const running = keys.map(async (each) => {
    while (flow.isOn) {
      try {
        await writer.incr(`${each}counter`);
        done.set(each, (done.get(each) ?? 0) + 1);
      } catch (error) {
        if (error instanceof Error) errors.push(error);
      }
    }
  });
  return {
    errors,
    done,
    async stop() {
      flow.isOn = false;
      await Promise.all(running);
    },
  };
}

describe('a shard fails over', () => {
  test.each(failovers)('when $name', async ({ strike, mend, losesReplies }) => {
    const stage = await setStage();
    const { writer, heir, whenMaster, notes } = stage;
    const traffic = load(writer);
    await strike(stage);
    await whenMaster(key, heir);
    expect(await writer.set(`${key}after`, 'value')).toBe('OK');
    expect(await heir.command('GET', `${key}after`)).toBe('value');
    await traffic.stop();
    // At most the one that was under way has an unknown outcome; none that was not sent has failed.
    expect(traffic.errors.length).toBeLessThanOrEqual(losesReplies ? 1 : 0);
    for (const error of traffic.errors) expect(error).toHaveProperty('name', 'UnknownOutcomeError');
    for (const other of others) expect(traffic.done.get(other)).toBeGreaterThan(0);
    expect(notes.join('\n')).toContain(`failover: master ${stage.master.endpoint} → ${heir.endpoint}`);
    await mend?.(stage);
  });
});

test('scripts under way while a shard is handed over end with their replies, each applied once', async () => {
  // The old master redirects them when it has heard of the promotion, which a busy machine may delay.
  const { writer, heir, whenMaster } = await setStage({ options: { replyTimeoutMs: 2000 } });
  const flow = { isOn: true };
  onTestFinished(() => void (flow.isOn = false));
  const script = "return redis.call('INCR', KEYS[1])";
  const callers = Array.from({ length: 8 }, async () => {
    const replies: unknown[] = [];
    while (flow.isOn) replies.push(await writer.eval(script, 1, `${key}counter`));
    return replies;
  });
  await handOver(heir);
  await whenMaster(key, heir);
  await writer.set(`${key}after`, 'value');
  flow.isOn = false;
  const replies = (await Promise.all(callers)).flat().map(Number);
  expect(replies.toSorted((a, b) => a - b)).toEqual(replies.map((_none, index) => index + 1));
  expect(await heir.command('GET', `${key}counter`)).toBe(String(replies.length));
});

test('only the shard that fails over gets another generation', async () => {
  const { heir, whenMaster } = await setStage();
  await handOver(heir);
  const topology = await whenMaster(key, heir);
  expect(keys.map((each) => shardOf(topology, each)?.topology.generation)).toEqual([2, 1, 1]);
  expect(shardOf(topology, key)?.topology).toMatchObject({
    kind: 'steady',
    lastFailover: { to: heir.endpoint },
  });
});

test('commands for a shard without a master wait, and the others go on', async () => {
  const { writer, master, heir, whenTopology } = await setStage();
  await Promise.all([heir.kill(), master.kill()]);
  await whenTopology((topology) => shardOf(topology, key)?.topology.kind === 'masterless');
  const waiting = writer.set(key, 'value').catch((error: unknown) => error);
  for (const other of others) expect(await writer.set(other, 'value')).toBe('OK');
  await writer.quit();
  expect(await waiting).toHaveProperty('name', 'NotAppliedError');
});

test('where the cluster requires all slots, commands for all shards wait, and none fails', async () => {
  const stage = await setStage({ args: ['--cluster-require-full-coverage', 'yes'] });
  const { writer, heir, whenMaster, whenTopology } = stage;
  const traffic = load(writer);
  const whenDown = whenTopology(({ shards }) =>
    shards.some(({ topology }) =>
      topology.nodes.some((node) => node.kind === 'unusable' && node.fault === 'CLUSTERDOWN'),
    ),
  );
  await stage.master.kill();
  await whenDown;
  await whenMaster(key, heir);
  await whenTopology(({ kind }) => kind === 'steady');
  expect(await Promise.all(keys.map((each) => writer.set(`${each}after`, 'value')))).toEqual([
    'OK',
    'OK',
    'OK',
  ]);
  await traffic.stop();
  expect(traffic.errors.length).toBeLessThanOrEqual(1);
  for (const error of traffic.errors) expect(error).toHaveProperty('name', 'UnknownOutcomeError');
});

test('automatic pipelines that wait for a shard are bounded by hold, and none fails elsewhere', async () => {
  const group = await startCluster();
  onTestFinished(() => group.stop());
  const { writer, whenTopology, replication } = await openCluster(group.endpoints, {
    redis: { enableAutoPipelining: true },
    hold: { timeoutMs: 5000, maxCommands: 5 },
  });
  const master = await group.masterOf(key);
  const [heir] = await group.replicasOf(master);
  await Promise.all([heir?.kill(), master.kill()]);
  await whenTopology((topology) => shardOf(topology, key)?.topology.kind === 'masterless');
  const issue = async (count: number) => {
    for (let number = 0; number < count; number++) {
      writer.incr(`${key}counter`).catch(() => undefined);
    }
    await new Promise((resolve) => setImmediate(resolve));
  };
  await issue(3);
  await issue(10);
  // The latter do not wait inside ioredis, without any limit, for the former to end.
  const id = shardOf(replication.latest, key)?.id ?? '';
  const shard = writer instanceof FollowingCluster ? writer.connectionTo(id) : undefined;
  expect(shard?.heldCommands).toBe(5);
  expect(await writer.set(others[0] ?? '', 'value')).toBe('OK');
});
