import type { RedisGroup, RedisServer } from 'nestjs-redis-replication/testing';
import { onTestFinished } from 'vitest';
import { plannedSwap, whenInSync } from '../../lib/testing/servers/replication.js';
import type { OpenReplication } from './open-replication.js';

interface Parties {
  readonly from: RedisServer;
  readonly to: RedisServer;
  readonly other: RedisServer;
}

/** Makes `to` the master of the others. */
export type Swap = (group: RedisGroup, parties: Parties) => Promise<unknown>;

export const handOver: Swap = (group, { to }) => group.failOver('planned', { to });

/** As a script does it that does not care for loss. */
export const hastySwap: Swap = (_group, { from, to, other }) => plannedSwap([from, to, other], to);

/**
 * As a careful operator does it: writes are paused until the heir has everything. What is sent during the pause is
 * postponed, and refused when it is over.
 */
export const carefulSwap: Swap = async (_group, { from, to, other }) => {
  await from.command('CLIENT', 'PAUSE', 10_000, 'WRITE');
  await whenInSync(from, [to]);
  await plannedSwap([from, to, other], to);
  await from.command('CLIENT', 'UNPAUSE');
};

export const swapsWithoutLoss: readonly Swap[] = [handOver, carefulSwap];

export interface Swapper {
  /** Each call makes the next node the master of the others; resolves when all have its data and the app knows it. */
  swap(): Promise<void>;
}

export function createSwapper(
  group: RedisGroup,
  { whenMaster }: Pick<OpenReplication, 'whenMaster'>,
  swaps = swapsWithoutLoss,
): Swapper {
  let [from, to, other] = group.nodes;
  let count = 0;
  return {
    async swap() {
      if (from === undefined || to === undefined || other === undefined) throw new Error('Too few nodes');
      await swaps[count % swaps.length]?.(group, { from, to, other });
      await whenMaster(to);
      await whenInSync(to, [from, other]);
      count += 1;
      [from, to, other] = [to, other, from];
    },
  };
}

export interface Swapping {
  /** Ends after the swap that is under way; resolves with the number of swaps. */
  stop(): Promise<number>;
}

/** Swaps the master of the group with a replica, again and again, until it is stopped or the test is over. */
export function startSwapping(group: RedisGroup, opened: Pick<OpenReplication, 'whenMaster'>): Swapping {
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
