import { setTimeout as delay } from 'node:timers/promises';
import { readInfo } from '../../../lib/testing/servers/info.js';
import type { RedisServer } from '../../../lib/testing/servers/redis-server.js';
import type { FailoverKind, Roles } from './topology.js';

/** A failover that begins with this, and in which the servers promote by themselves. */
export function strike(begin: (roles: Roles) => Promise<unknown>): FailoverKind['failOver'] {
  return async (roles, onPromotion) => {
    await begin(roles);
    return watchPromotion(roles, onPromotion);
  };
}

/** Waits for the servers to promote one of the replicas, and for the app to write to it. */
async function watchPromotion(roles: Roles, onPromotion: () => void): Promise<RedisServer> {
  const to = await whenPromoted([roles.to, ...roles.others]);
  onPromotion();
  await whenWritten(to);
  return to;
}

/** `undefined` while the node does not answer: a Sentinel, for one, closes the connections of the node that it promotes. */
export async function roleOf(node: RedisServer): Promise<string | undefined> {
  try {
    return (await readInfo(node, 'replication')).get('role');
  } catch {
    return undefined;
  }
}

/** Asks every millisecond, since others tell of a promotion later: Sentinels a second. */
async function whenPromoted(replicas: readonly RedisServer[]): Promise<RedisServer> {
  for (;;) {
    const roles = await Promise.all(replicas.map(roleOf));
    const promoted = replicas[roles.indexOf('master')];
    if (promoted !== undefined) return promoted;
    await delay(1);
  }
}

/** The old master may live on and acknowledge, so only the new one itself tells that it is used. */
async function whenWritten(master: RedisServer): Promise<void> {
  const before = await readWrites(master);
  while ((await readWrites(master)) === before) await delay(1);
}

async function readWrites(master: RedisServer): Promise<string | undefined> {
  return (await readInfo(master, 'commandstats')).get('cmdstat_set')?.split(',', 1)[0];
}
