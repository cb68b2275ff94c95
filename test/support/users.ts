import type { RedisServer, RedisUser } from '../../lib/testing/servers/redis-server.js';

/** Makes the user on every node, replacing one of that name. ACL users are not replicated. */
export async function createUser(
  nodes: readonly RedisServer[],
  { name, password, rules }: RedisUser,
): Promise<void> {
  await Promise.all(
    nodes.map((node) => node.command('ACL', 'SETUSER', name, 'reset', 'on', `>${password}`, ...rules)),
  );
}

/** Makes each node authenticate to its master as this user. */
export async function replicateAs(
  nodes: readonly RedisServer[],
  { name, password }: Pick<RedisUser, 'name' | 'password'>,
): Promise<void> {
  // One at a time, because Redis 6.2 takes no more.
  await Promise.all(
    nodes.flatMap((node) => [
      node.command('CONFIG', 'SET', 'masteruser', name),
      node.command('CONFIG', 'SET', 'masterauth', password),
    ]),
  );
}
