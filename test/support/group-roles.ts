import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import type { ServerGroup } from '../../lib/testing/servers/server-group.js';

export interface GroupRoles {
  readonly master: RedisServer;
  /** The replica that a failover promotes. */
  readonly heir: RedisServer;
  readonly other: RedisServer;
}

/** What the nodes of a group with two replicas are there for in a test of a failover. */
export function rolesOf({ master, replicas }: ServerGroup): GroupRoles {
  const [heir, other] = replicas;
  if (heir === undefined || other === undefined) throw new Error('The group has fewer than two replicas');
  return { master, heir, other };
}
