import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMs } from '../../clock/clock.js';
import { aFunction, durationMs, findFaults, anything, oneOf, throwFaults } from '../../options/rules.js';
import { readInfo } from '../servers/info.js';
import type { RedisServer } from '../servers/redis-server.js';
import { failoverTo, follow, promote, whenInSync } from '../servers/replication.js';
import type { SentinelGroup } from '../servers/sentinel-group.js';
import { until } from '../servers/until.js';
import { findMaster, isRunning, replicasOf, type Stage } from './stage.js';

/**
 * How the master of a group is replaced.
 *
 * - `planned`: it hands over with `FAILOVER`, without loss; under Sentinels the same as `sentinel`.
 * - `kill`: its process is killed.
 * - `hang`: its process is stopped, so that its port accepts connections and nothing is answered.
 * - `sentinel`: the Sentinels are asked to replace it. Only in a group with Sentinels.
 *
 * After `kill` and `hang` a replica is promoted by hand, or by the Sentinels if the group has some.
 *
 * @publicApi
 */
export type FailoverKind = (typeof failoverKinds)[number];

const failoverKinds = ['planned', 'kill', 'hang', 'sentinel'] as const;

/** @publicApi */
export interface FailoverOptions {
  /** The replica to promote. Default: the one with the most data. Sentinels choose by themselves. */
  readonly to?: RedisServer;
  /** After `kill` and `hang`, how long the group has no master. Default 0. Sentinels take their own time. */
  readonly outageMs?: number;
  /**
   * After `kill` and `hang`, what a test does while the group has no master. The replica is promoted when the promise is
   * fulfilled; where it is rejected, `failOver` rejects with the same, and nobody is promoted. Not with Sentinels.
   */
  readonly duringOutage?: () => unknown;
}

/**
 * A failover that has taken place.
 *
 * @publicApi
 */
export interface GroupFailover {
  readonly from: RedisServer;
  readonly to: RedisServer;
  /** When the new master was promoted, in milliseconds of the clock of `performance.now()`. */
  readonly promotedAt: number;
}

/**
 * Resolves when the new master is promoted and the other nodes that run follow it, or when all Sentinels name it: they
 * take up to ten seconds more until the old one follows.
 */
export async function failOver(
  stage: Stage,
  kind: FailoverKind,
  options: FailoverOptions = {},
): Promise<GroupFailover> {
  check(kind, options, stage);
  const { sentinels } = stage;
  if (sentinels !== undefined) {
    return failOverBySentinels(stage, sentinels, kind);
  }
  const from = await findMaster(stage);
  const [best] = await replicasOf(stage, from);
  const to = options.to ?? best;
  if (to === undefined) {
    throw new Error(`failOver: ${from.endpoint} has no replica that runs`);
  }
  const promotedAt =
    kind === 'planned' ? await handOver(from, to) : await replace(from, to, { ...options, kind });
  await followAll(stage, to);
  return { from, to, promotedAt };
}

function check(kind: FailoverKind, options: FailoverOptions, { sentinels }: Stage): void {
  const rules = {
    kind: oneOf(failoverKinds),
    to: anything,
    outageMs: durationMs(0),
    duringOutage: aFunction,
  };
  throwFaults(findFaults(rules, { kind, ...options }), 'failOver: ');
  if (kind === 'sentinel' && sentinels === undefined) {
    throw new TypeError('failOver: "sentinel" needs a group with Sentinels, see option "sentinels"');
  }
  if (sentinels !== undefined && Object.values(options).some((value) => value !== undefined)) {
    throw new TypeError(
      'failOver: options "to", "outageMs" and "duringOutage" are for groups without Sentinels',
    );
  }
}

async function handOver(from: RedisServer, to: RedisServer): Promise<number> {
  const [promotedAt] = await Promise.all([whenPromoted([to]), failoverTo(from, to)]);
  return promotedAt;
}

async function replace(
  from: RedisServer,
  to: RedisServer,
  { kind, outageMs = 0, duringOutage }: FailoverOptions & { readonly kind: FailoverKind },
): Promise<number> {
  await end(from, kind);
  await duringOutage?.();
  if (outageMs > 0) {
    await delay(outageMs);
  }
  await promote(to);
  return monotonicMs();
}

async function end(node: RedisServer, kind: FailoverKind): Promise<void> {
  if (kind === 'hang') {
    node.hang();
  } else {
    await node.kill();
  }
}

/** All others that run and can be reached become replicas of the new master. */
async function followAll({ servers, isolated }: Stage, to: RedisServer): Promise<void> {
  const others = servers.nodes.filter((node) => node !== to && isRunning(node));
  await Promise.all(others.map((node) => follow(node, to)));
  await whenInSync(
    to,
    others.filter((node) => !isolated.has(node)),
  );
}

async function failOverBySentinels(
  stage: Stage,
  sentinels: SentinelGroup,
  kind: FailoverKind,
): Promise<GroupFailover> {
  const from = await findNamed(stage, sentinels);
  let replicas: readonly RedisServer[] = [];
  const hasReplica = async () => (replicas = await replicasOf(stage, from)).length > 0;
  await until(`${from.endpoint} has a replica that runs`, hasReplica, { timeoutMs: 20_000 });
  if (kind === 'kill' || kind === 'hang') {
    await end(from, kind);
  } else {
    await whenAccepted(sentinels);
  }
  const promotedAt = await whenPromoted(replicas);
  const to = await findMaster({ ...stage, servers: { ...stage.servers, nodes: replicas } });
  await sentinels.whenAllName(to);
  return { from, to, promotedAt };
}

async function findNamed({ servers }: Stage, sentinels: SentinelGroup): Promise<RedisServer> {
  const named = await sentinels.named();
  const node = servers.nodes.find(({ endpoint }) => endpoint === named);
  if (node === undefined) {
    throw new Error(`failOver: the Sentinels name ${named || 'nobody'}, which is no node of this group`);
  }
  return node;
}

/** Right after another failover a Sentinel finds no replica good enough, or waits for that failover to be over. */
async function whenAccepted(sentinels: SentinelGroup): Promise<void> {
  const isAccepted = () =>
    sentinels.failover().then(
      () => true,
      (error: Error) => error.message,
    );
  await until('a Sentinel begins a failover', async () => (await isAccepted()) === true, {
    timeoutMs: 20_000,
  });
}

async function whenPromoted(nodes: readonly RedisServer[]): Promise<number> {
  let promotedAt = 0;
  const isPromoted = async () => {
    const infos = await Promise.all(nodes.map((node) => readInfo(node, 'replication')));
    promotedAt = monotonicMs();
    return infos.some((info) => info.get('role') === 'master');
  };
  await until('a replica is promoted', isPromoted, { timeoutMs: 30_000 });
  return promotedAt;
}
