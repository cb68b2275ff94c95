import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { whenInSync } from '../../lib/testing/servers/replication.js';
import { regroup, restartAsReplica } from './heal.js';
import { handOver } from './planned.js';
import type { Scenario } from './scenario.js';

export const rollingRestart: Scenario = {
  name: 'rolling restart of all nodes',
  note: 'each replica in turn, FAILOVER TO, the old master; from the moment the server switched',
  stage: {},
  limitMs: 5000,
  lanes: 3,
  async failOver(round) {
    for (const replica of round.replicas) {
      await restart(replica, round.master);
    }
    return handOver(round);
  },
  async afterwards({ master }, { to }) {
    await restart(master, to);
  },
  heal: regroup,
};

/** In good order, as a package upgrade does. */
async function restart(node: RedisServer, master: RedisServer): Promise<void> {
  await node.kill('SIGTERM');
  await restartAsReplica(node, master);
  await whenInSync(master, [node]);
}
