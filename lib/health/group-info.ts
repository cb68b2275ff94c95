import type { Cluster, Redis } from 'ioredis';
import { epochOffsetMs, monotonicMs } from '../clock/clock.js';
import { describeSlots, type ShardTopology } from '../cluster/cluster-topology.js';
import type { NodeFailure } from '../connections/line/node-failures.js';
import type { HeldNow } from '../connections/outcomes/ledger.js';
import type { FailoverRecord } from '../history/failover-record.js';
import type { Instance } from '../nest/find-instance.js';
import {
  masterOf,
  type DataLoss,
  type Topology,
  type TopologyNode,
  type Unproven,
} from '../topology/topology.js';
import { shardConnection } from './instance-probes.js';
import { failureOf, nodeOf } from './probe-connection.js';

/**
 * What is known of one instance, for an endpoint with details. A plain value without credentials, made from what was
 * observed last: nothing is asked for.
 *
 * @publicApi
 */
export interface GroupInfo {
  readonly name: string;
  readonly kind: 'group' | 'cluster';
  /** One for a group, one for each shard of a cluster. */
  readonly topologies: readonly TopologyInfo[];
  /** The writer and the reader; of a cluster, those to each shard. */
  readonly connections: readonly ConnectionInfo[];
  /** Commands that wait at this moment, on all connections together, duplicates included. */
  readonly held: HeldNow;
  /** How many failovers this process remembers, at most 100. */
  readonly failovers: number;
  readonly lastFailover?: FailoverRecord;
}

/** @publicApi */
export interface TopologyInfo {
  /** Of a shard, such as `0-5460`. */
  readonly slots?: string;
  readonly kind: Topology['kind'];
  readonly master: string | null;
  readonly generation: number;
  /** When `kind` or `master` changed last, in milliseconds since the epoch. */
  readonly changedAt: number;
  /** How long ago that was, in milliseconds. */
  readonly uptimeMs: number;
  readonly unproven?: Unproven;
  readonly lastDataLoss?: DataLoss;
  /** What each node says, with its `version`, or why it cannot be used. */
  readonly nodes: readonly TopologyNode[];
}

/** @publicApi */
export interface ConnectionInfo {
  readonly connection: 'writer' | 'reader';
  /** Of a shard, such as `0-5460`. */
  readonly slots?: string;
  /** As ioredis calls it: `ready`, `connecting`, `reconnecting`, `end` and so on. */
  readonly status: string;
  /** `null` while there is none, or if a test has replaced the connection. */
  readonly node: string | null;
  /** The last failure to connect, or of an open connection; it may be over. */
  readonly lastError?: NodeFailure;
}

/** Describes an instance as it is now. */
export function describeInstance(name: string, instance: Instance): GroupInfo {
  const { kind, failovers, replication } = instance;
  const { lastFailover } = failovers;
  return {
    name,
    kind,
    topologies:
      instance.kind === 'group'
        ? [describeTopology(instance.replication.latest)]
        : instance.replication.latest.shards.map(describeShard),
    connections: describeConnections(instance),
    held: addUp(replication.ledger.counts().map(({ held }) => held)),
    failovers: failovers.failovers.length,
    ...(lastFailover !== undefined && { lastFailover }),
  };
}

function describeShard({ slots, topology }: ShardTopology): TopologyInfo {
  return { slots: describeSlots(slots), ...describeTopology(topology) };
}

function describeTopology(topology: Topology): TopologyInfo {
  const { kind, generation, changedAt, nodes, unproven, lastDataLoss } = topology;
  return {
    kind,
    master: masterOf(topology) ?? null,
    generation,
    changedAt,
    uptimeMs: Math.max(0, Math.round(monotonicMs() + epochOffsetMs() - changedAt)),
    ...(unproven !== undefined && { unproven }),
    ...(lastDataLoss !== undefined && { lastDataLoss }),
    nodes,
  };
}

function describeConnections(instance: Instance): readonly ConnectionInfo[] {
  if (instance.kind === 'group') {
    return [describeConnection('writer', instance.writer), describeConnection('reader', instance.reader)];
  }
  return (['writer', 'reader'] as const).flatMap((connection) =>
    instance.replication.latest.shards.map((shard) => ({
      slots: describeSlots(shard.slots),
      ...describeConnection(connection, shardConnection(instance[connection], shard)),
    })),
  );
}

function describeConnection(
  connection: ConnectionInfo['connection'],
  redis: Redis | Cluster,
): ConnectionInfo {
  const lastError = failureOf(redis);
  return {
    connection,
    status: redis.status,
    node: nodeOf(redis) ?? null,
    ...(lastError !== undefined && { lastError }),
  };
}

function addUp(held: readonly HeldNow[]): HeldNow {
  const oldest = held.flatMap(({ oldestMs }) => oldestMs ?? []);
  return {
    commands: held.reduce((sum, { commands }) => sum + commands, 0),
    bytes: held.reduce((sum, { bytes }) => sum + bytes, 0),
    ...(oldest.length > 0 && { oldestMs: Math.max(...oldest) }),
  };
}
