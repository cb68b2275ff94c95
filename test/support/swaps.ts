import { onTestFinished } from 'vitest';
import type { OpenReplication } from '../support/open-replication.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { failoverTo, follow, plannedSwap, whenInSync } from '../../lib/testing/servers/replication.js';
import type { ServerGroup } from '../../lib/testing/servers/server-group.js';

type Swap = (parties: { from: RedisServer; to: RedisServer; other: RedisServer }) => Promise<unknown>;

/** Without loss: the server or the operator pauses writes until the heir has everything. */
const swaps: readonly Swap[] = [
  async ({ from, to, other }) => {
    await failoverTo(from, to);
    await follow(other, to);
  },
  async ({ from, to, other }) => {
    await from.command('CLIENT', 'PAUSE', 10_000, 'WRITE');
    await whenInSync(from, [to]);
    await plannedSwap([from, to, other], to);
    await from.command('CLIENT', 'UNPAUSE');
  },
];

export interface Swapping {
  /** Ends after the swap that is under way; resolves with the number of swaps. */
  stop(): Promise<number>;
}

/** Swaps the master of the group with a replica, again and again, until it is stopped or the test is over. */
export function startSwapping(group: ServerGroup, opened: Pick<OpenReplication, 'whenMaster'>): Swapping {
  const state = { isOn: true };
  const { swap } = createSwapper(group, opened);
  const run = async () => {
    let count = 0;
    for (; state.isOn; count += 1) await swap();
    return count;
  };
  const running = run();
  const stop = async () => {
    state.isOn = false;
    return running;
  };
  onTestFinished(async () => void (await stop()));
  return { stop };
}

/** Each call makes the next node the master of the others. */
export function createSwapper(group: ServerGroup, { whenMaster }: Pick<OpenReplication, 'whenMaster'>) {
  let [from, to, other] = group.nodes;
  let count = 0;
  return {
    async swap(): Promise<void> {
      if (from === undefined || to === undefined || other === undefined) throw new Error('Too few nodes');
      await swaps[count % swaps.length]?.({ from, to, other });
      await whenMaster(to);
      await whenInSync(to, [from, other]);
      count += 1;
      [from, to, other] = [to, other, from];
    },
  };
}
