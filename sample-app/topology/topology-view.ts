import type { ClusterTopology, Failover, Topology } from 'nestjs-redis-replication';

export interface History {
  /** The failovers this app has seen, the newest first. */
  readonly history: readonly SeenFailover[];
}

export interface SeenFailover extends Failover {
  /** In a cluster, the id of the shard. */
  readonly shard?: string;
}

/** A replication group as this app shows it. */
export type GroupView = Topology & History;

/** A Redis Cluster as this app shows it. */
export type ClusterView = ClusterTopology & History;

export type TopologyView = GroupView | ClusterView;

export const emptyHistory: History = { history: [] };

const historyLimit = 50;

/** The view that follows when the topology changes. */
export function nextView({ history }: History, topology: Topology | ClusterTopology): TopologyView {
  const fresh = latestOf(topology).filter((latest) => !history.some((seen) => isSame(seen, latest)));
  const sorted = fresh.toSorted((a, b) => b.at - a.at);
  return { ...topology, history: [...sorted, ...history].slice(0, historyLimit) };
}

function latestOf(topology: Topology | ClusterTopology): readonly SeenFailover[] {
  if (!('shards' in topology)) {
    return topology.lastFailover === undefined ? [] : [topology.lastFailover];
  }
  return topology.shards.flatMap(({ id, topology: { lastFailover } }) =>
    lastFailover === undefined ? [] : [{ ...lastFailover, shard: id }],
  );
}

function isSame(a: SeenFailover, b: SeenFailover): boolean {
  return a.generation === b.generation && a.shard === b.shard;
}
