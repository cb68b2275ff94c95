import type { Failover, Topology } from 'nestjs-redis-replication';

export interface History {
  /** The failovers this app has seen, the newest first. */
  readonly history: readonly Failover[];
}

/** The topology as this app shows it. */
export type TopologyView = Topology & History;

export const emptyHistory: History = { history: [] };

const historyLimit = 50;

/** The view that follows when the topology changes. */
export function nextView({ history }: History, topology: Topology): TopologyView {
  const { lastFailover: latest } = topology;
  const isKnown = latest === undefined || latest.generation === history[0]?.generation;
  return { ...topology, history: isKnown ? history : [latest, ...history].slice(0, historyLimit) };
}
