import { follow, promote, whenInSync } from './replication.js';
import type { ServerGroup } from './server-group.js';

/** Restores all nodes after a test: each runs, is empty and has its first role again. */
export async function restoreGroup({ master, replicas, nodes }: ServerGroup): Promise<void> {
  await Promise.all(
    nodes.map(async (node) => {
      node.resume();
      await node.command('PING').catch(() => node.restart());
    }),
  );
  await promote(master);
  await master.command('FLUSHALL');
  await Promise.all(replicas.map((replica) => follow(replica, master)));
  await whenInSync(master, replicas);
}
