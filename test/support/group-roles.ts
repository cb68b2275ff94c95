import type { RedisGroup, RedisServer } from 'nestjs-redis-replication/testing';

export interface GroupRoles {
  readonly master: RedisServer;
  /** The replica that a failover promotes. */
  readonly heir: RedisServer;
  readonly other: RedisServer;
}

/** What the nodes of a group with two replicas are there for in a test of a failover. */
export function rolesOf({ master, replicas }: Pick<RedisGroup, 'master' | 'replicas'>): GroupRoles {
  const [heir, other] = replicas;
  if (heir === undefined || other === undefined) throw new Error('The group has fewer than two replicas');
  return { master, heir, other };
}
