import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { startCluster, type ClusterGroup } from '../../test/support/cluster-group.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { outcomeOf } from '../contenders/outcome-of.js';
import { openClusterWriter } from '../contenders/cluster-writer.js';
import { clusterScenarios, type ClusterScenario } from '../scenarios/cluster.js';
import { runBatch } from './run-batch.js';

/** How one contender fared in one failover of a shard. */
export interface ClusterRound {
  /** From the promotion to the first write that the new master acknowledged. */
  readonly recoveryMs: number | null;
  /** Writes that ended as not applied, or whose error does not tell. */
  readonly failed: number;
  readonly unknown: number;
  /** The longest time between two writes on another shard, meanwhile. */
  readonly otherStallMs: number;
}

export const clusterContenders = [
  'this library',
  'ioredis Cluster',
  'raw ioredis, told the address',
] as const;
export type ClusterContender = (typeof clusterContenders)[number];

export interface ClusterFailoverResult {
  readonly scenario: string;
  readonly rounds: Readonly<Record<ClusterContender, readonly ClusterRound[]>>;
}

export interface ClusterResult {
  readonly failovers: readonly ClusterFailoverResult[];
  /** Commands per second of the writer ÷ those of ioredis' `Cluster`, for each pair of batches. */
  readonly ratios: Readonly<Record<string, readonly number[]>>;
}

interface ClusterBenchOptions {
  readonly rounds: number;
  readonly batchMs: number;
  readonly only: RegExp;
}

/** One for each of three shards. */
const tags = ['{a}', '{b}', '{c}'];

/** A shard that fails over, and another that does not. */
interface Tags {
  readonly tag: string;
  readonly otherTag: string;
}

/** Another shard each time: a node that is promoted twice within four seconds is overruled by the others. */
function tagsOf(round: number): Tags {
  const [tag = '', otherTag = ''] = [tags[round % tags.length], tags[(round + 1) % tags.length]];
  return { tag, otherTag };
}

/** Failovers of one shard of six nodes, and the speed of the writer in calm. All contenders write at the same time. */
export async function measureCluster({ rounds, batchMs, only }: ClusterBenchOptions): Promise<ClusterResult> {
  const group = await startCluster({ elections: true });
  try {
    const ratios = await measureRatios(group, { rounds, batchMs });
    const failovers: ClusterFailoverResult[] = [];
    for (const scenario of clusterScenarios.filter(({ name }) => only.test(`cluster, ${name}`))) {
      failovers.push(await measureFailovers(scenario, group, rounds));
    }
    return { failovers, ratios };
  } finally {
    await group.stop();
  }
}

async function measureFailovers(
  scenario: ClusterScenario,
  group: ClusterGroup,
  rounds: number,
): Promise<ClusterFailoverResult> {
  const results: Record<ClusterContender, ClusterRound[]> = {
    'this library': [],
    'ioredis Cluster': [],
    'raw ioredis, told the address': [],
  };
  for (let round = 0; round < rounds; round += 1) {
    const played = await playRound(scenario, group, round);
    for (const contender of clusterContenders) results[contender].push(played[contender]);
  }
  return { scenario: scenario.name, rounds: results };
}

async function playRound(
  { failOver, heal }: ClusterScenario,
  group: ClusterGroup,
  round: number,
): Promise<Readonly<Record<ClusterContender, ClusterRound>>> {
  await group.whenSettled();
  const on = tagsOf(round);
  const master = await group.masterOf(on.tag);
  const [heir] = await group.replicasOf(master);
  if (heir === undefined) throw new Error('The shard has no replica');
  const [library, peer] = [await openClusterWriter(group.endpoints), await openPeer(group)];
  const writers = {
    'this library': startCaller(library.writer, `${round}:library`, on),
    'ioredis Cluster': startCaller(peer, `${round}:peer`, on),
  };
  await delay(200);
  Object.values(writers).forEach((each) => each.reset());
  const ended = failOver({ master, heir });
  const promotedAt = await whenPromoted(heir, on);
  const floorMs = await writeOnce(heir, { promotedAt, ...on });
  await ended;
  await delay(settleMs);
  Object.values(writers).forEach((each) => each.stop());
  const taken = await writtenAfterMark(heir, on);
  const judge = (caller: Caller): ClusterRound => {
    const first = caller.log.acknowledged.find(({ id, at }) => taken.has(id) && at > promotedAt);
    return { ...caller.report(), recoveryMs: first === undefined ? null : first.at - promotedAt };
  };
  const result = {
    'this library': judge(writers['this library']),
    'ioredis Cluster': judge(writers['ioredis Cluster']),
    'raw ioredis, told the address': { recoveryMs: floorMs, failed: 0, unknown: 0, otherStallMs: 0 },
  };
  await library.close();
  peer.disconnect();
  await heal({ master, heir });
  await group.whenSettled();
  await (await group.masterOf(on.tag)).command('DEL', `${on.tag}writes`);
  return result;
}

/** Who takes longer is not back in time. */
export const settleMs = 1500;

async function openPeer(group: ClusterGroup): Promise<Cluster> {
  const peer = new Cluster(group.nodes.map(({ host, port }) => ({ host, port }))).on(
    'error',
    () => undefined,
  );
  await once(peer, 'ready');
  return peer;
}

type Caller = ReturnType<typeof startCaller>;

/** One caller that writes unique ids on the shard, and one that writes on another shard. */
function startCaller(cluster: Cluster, name: string, { tag, otherTag }: Tags) {
  const log = { acknowledged: [] as { id: string; at: number }[], failed: 0, unknown: 0, stallMs: 0 };
  const flow = { isOn: true };
  const write = async () => {
    for (let number = 1; flow.isOn; number += 1) {
      const id = `${name}:${number}`;
      try {
        await cluster.rpush(`${tag}writes`, id);
        log.acknowledged.push({ id, at: performance.now() });
      } catch (error) {
        log[outcomeOf(error)] += 1;
      }
      await delay(1);
    }
  };
  const writeElsewhere = async () => {
    for (let last = performance.now(); flow.isOn; last = performance.now()) {
      await cluster.incr(`${otherTag}${name}`).catch(() => undefined);
      log.stallMs = Math.max(log.stallMs, performance.now() - last);
      await delay(1);
    }
  };
  void Promise.all([write(), writeElsewhere()]);
  return {
    log,
    reset: () => Object.assign(log, { failed: 0, unknown: 0, stallMs: 0 }),
    stop: () => void (flow.isOn = false),
    report: () => ({ failed: log.failed, unknown: log.unknown, otherStallMs: log.stallMs }),
  };
}

const mark = 'promoted';

/** Tries a write on the heir every millisecond. The moment is that of the last refusal, so it is early by one at most. */
async function whenPromoted(heir: RedisServer, { tag }: Tags): Promise<number> {
  for (let refusedAt = performance.now(); ; await delay(1)) {
    const sentAt = performance.now();
    const reply = await heir.command('RPUSH', `${tag}writes`, mark).catch((error: unknown) => error);
    if (typeof reply === 'number') return refusedAt;
    refusedAt = sentAt;
  }
}

/** A client that is told the address at the moment of the promotion, as it is noticed. */
async function writeOnce(
  { host, port }: RedisServer,
  { promotedAt, tag }: Tags & { readonly promotedAt: number },
): Promise<number> {
  const redis = new Redis({ host, port });
  await redis.rpush(`${tag}writes`, 'floor');
  const tookMs = performance.now() - promotedAt;
  redis.disconnect();
  return tookMs;
}

async function writtenAfterMark(heir: RedisServer, { tag }: Tags): Promise<ReadonlySet<string>> {
  const ids = await heir.command('LRANGE', `${tag}writes`, 0, -1);
  const all = Array.isArray(ids) ? ids.map(String) : [];
  return new Set(all.slice(all.lastIndexOf(mark) + 1));
}

const forms = { '1 caller': 1, '64 callers': 64, '1,000 callers': 1000 } as const;

async function measureRatios(
  group: ClusterGroup,
  { rounds, batchMs }: { readonly rounds: number; readonly batchMs: number },
): Promise<ClusterResult['ratios']> {
  const [library, peer] = [await openClusterWriter(group.endpoints), await openPeer(group)];
  const results: Record<string, number[]> = {};
  for (const [name, callers] of Object.entries(forms)) {
    const scenario = { name, callers, valueBytes: 10 };
    const calls = [library.writer, peer].map((cluster) => createCall(cluster));
    const run = async (call: () => Promise<unknown>, commands: number) =>
      (await runBatch(call, scenario, commands)).commandsPerSecond;
    const [, speed = 0] = await inTurn(calls, (call) => run(call, 5000));
    const commands = Math.ceil((speed * batchMs) / 1000);
    const ratios: number[] = [];
    for (let pair = 0; pair < 2 * rounds; pair += 1) {
      const order = pair % 2 === 0 ? calls : calls.toReversed();
      const speeds = await inTurn(order, (call) => run(call, commands));
      const [ours = 0, theirs = 1] = pair % 2 === 0 ? speeds : speeds.toReversed();
      ratios.push(ours / theirs);
    }
    results[name] = ratios;
  }
  await library.close();
  peer.disconnect();
  return results;
}

async function inTurn<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await run(item));
  return results;
}

/** A `SET` on one shard after the other. */
function createCall(cluster: Cluster): () => Promise<unknown> {
  const keys = Array.from({ length: 300 }, (_none, index) => `bench:${index}`);
  let next = 0;
  return () => {
    next = (next + 1) % keys.length;
    return cluster.set(keys[next] ?? '', 'x'.repeat(10));
  };
}
