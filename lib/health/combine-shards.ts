import type { ClusterTopology } from '../cluster/cluster-topology.js';

interface ShardVerdict<Reason> {
  readonly slots: string;
  readonly status: 'up' | 'degraded' | 'down';
  readonly latencyMs: number | null;
  readonly reason?: Reason;
  readonly message?: string;
}

/** What the shards of a cluster make together: it is as healthy as its least healthy shard. */
export function combineShards<Reason, Shard extends ShardVerdict<Reason>>(
  topology: ClusterTopology,
  shards: readonly Shard[],
  unassigned: Reason,
) {
  const ill = shards.filter(({ status }) => status !== 'up');
  const isDown = topology.unassignedSlots > 0 || ill.some(({ status }) => status === 'down');
  const reason = topology.unassignedSlots > 0 ? unassigned : reasonOf(ill);
  const message = [
    ...describeUnassigned(topology),
    ...ill.map(({ slots, message: why }) => `shard ${slots}: ${why ?? 'not available'}`),
  ].join('; ');
  const latencies = shards.flatMap(({ latencyMs }) => latencyMs ?? []);
  return {
    status: isDown ? ('down' as const) : ill.length > 0 ? ('degraded' as const) : ('up' as const),
    data: {
      topology: topology.kind,
      latencyMs: latencies.length === 0 ? null : Math.max(...latencies),
      shards,
      ...(reason !== undefined && { reason }),
      ...(message !== '' && { message }),
    },
  };
}

/** What makes it `down` counts before what makes it `degraded`. */
function reasonOf<Reason>(ill: readonly ShardVerdict<Reason>[]): Reason | undefined {
  return (ill.find(({ status }) => status === 'down') ?? ill[0])?.reason;
}

function describeUnassigned({ kind, unassignedSlots }: ClusterTopology): readonly string[] {
  if (kind === 'unknown') {
    return ['no node has told the slots of the cluster yet'];
  }
  return unassignedSlots > 0 ? [`${unassignedSlots} slots belong to no shard`] : [];
}
