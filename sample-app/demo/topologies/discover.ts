import { startGroup } from '../../../lib/testing/servers/server-group.js';
import { describeGroup } from './describe-group.js';
import { failoversByHand } from './failovers-by-hand.js';
import type { DemoTopology } from './topology.js';

/** The app is told one node, and learns the others from it. */
export async function startDiscover(): Promise<DemoTopology> {
  const group = await startGroup();
  const seed = group.replicas[0] ?? group.master;
  return {
    description: [describeGroup(group), `Seed      ${seed.endpoint}`],
    environment: { REDIS_SEEDS: seed.endpoint },
    failoverKinds: failoversByHand(group),
    stop: () => group.stop(),
  };
}
