import { nameShard, type ClusterTopology } from '../cluster/cluster-topology.js';
import type { FollowingCluster } from '../cluster/following-cluster.js';
import { whyWait } from '../topology/pick.js';
import { masterOf } from '../topology/topology.js';

/** Why the writer of a cluster cannot be used; `failure` is why the node that was asked last did not tell the slots. */
export function whyNotReady({ shards }: ClusterTopology, writer: FollowingCluster, failure: string): string {
  if (shards.length === 0) {
    return `no node has told the slots of the cluster; ${failure}`;
  }
  const reasons = shards.flatMap((shard) => {
    const master = masterOf(shard.topology);
    const why =
      master === undefined ? whyWait(shard.topology) : writer.connectionTo(shard.id)?.failures.whyNot(master);
    return why === undefined ? [] : [`${nameShard(shard)}: ${why}`];
  });
  return reasons.join('; ') || `each shard has a master, but the writer is ${writer.status}`;
}
