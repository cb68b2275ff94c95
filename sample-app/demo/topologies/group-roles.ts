import type { RedisServer } from '../../../lib/testing/servers/redis-server.js';
import { roleOf } from './promotions.js';
import type { Roles } from './topology.js';

/** The master of a group, the node to promote next, so that each has its turn, and the rest. */
export async function groupRoles(nodes: readonly RedisServer[]): Promise<Roles> {
  const roles = await Promise.all(nodes.map(roleOf));
  const index = roles.indexOf('master');
  const [from, to, ...others] = [...nodes.slice(index), ...nodes.slice(0, index)];
  if (index < 0 || from === undefined || to === undefined) {
    throw new Error(`A group needs a master and a replica; its nodes are ${roles.join(', ')}.`);
  }
  return { from, to, others };
}
