import { startGroup } from '../../../lib/testing/servers/server-group.js';
import { failoversByHand } from './failovers-by-hand.js';
import type { DemoTopology } from './topology.js';

/** The app is told all nodes, and an operator promotes. */
export async function startStatic(): Promise<DemoTopology> {
  const group = await startGroup();
  return {
    description: [
      `Redis     master ${group.master.endpoint}, replicas ${group.endpoints.slice(1).join(', ')}`,
    ],
    environment: { REDIS_NODES: group.endpoints.join(',') },
    nodes: group.nodes,
    master: group.master,
    failoverKinds: failoversByHand,
    stop: () => group.stop(),
  };
}
