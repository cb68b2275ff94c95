import { setTimeout as delay } from 'node:timers/promises';
import type { RedisGroup } from '../../../lib/testing/group/redis-group.js';
import { failoversByHand } from '../topologies/failovers-by-hand.js';
import { groupRoles } from '../topologies/group-roles.js';
import type { FailoverKind } from '../topologies/topology.js';
import type { Action } from './controls.js';

/** How long a fault lasts, so that it can be watched. */
const faultMs = 8000;
const lagMs = 3000;

/** What can be done to this group; each action leaves a whole group behind. */
export function actionsFor(group: RedisGroup): ReadonlyMap<string, Action> {
  const [swap, kill, hang] = failoversByHand(group);
  return new Map([
    ...named('kill', kill),
    ...named('hang', hang),
    ...named('swap', swap),
    [
      'partition',
      async () => {
        const { from } = await groupRoles(group.nodes);
        const end = await group.partition(from);
        await delay(faultMs);
        await end();
        return `the master ${from.endpoint} was cut off for ${faultMs} ms, and nobody promoted`;
      },
    ],
    [
      'lag',
      async () => {
        const { to } = await groupRoles(group.nodes);
        const end = await group.lag(to, lagMs);
        await delay(faultMs);
        await end();
        return `the replica ${to.endpoint} was ${lagMs} ms behind for ${faultMs} ms`;
      },
    ],
  ]);
}

function named(name: string, kind: FailoverKind | undefined): readonly (readonly [string, Action])[] {
  if (kind === undefined) return [];
  const play = async () => {
    const roles = await kind.roles();
    const to = await kind.failOver(roles, () => undefined);
    await delay(faultMs);
    await kind.heal({ ...roles, to });
    return `${roles.from.endpoint} → ${to.endpoint}`;
  };
  return [[name, play]];
}
