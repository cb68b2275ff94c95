import { startGroup } from '../../../lib/testing/servers/server-group.js';
import { describeGroup } from './describe-group.js';
import { failoversByHand } from './failovers-by-hand.js';
import type { DemoTopology } from './topology.js';

/** The app is told all nodes, and an operator promotes. */
export async function startStatic(): Promise<DemoTopology> {
  const group = await startGroup();
  return {
    description: [describeGroup(group)],
    environment: { REDIS_NODES: group.endpoints.join(',') },
    failoverKinds: failoversByHand(group),
    stop: () => group.stop(),
  };
}
