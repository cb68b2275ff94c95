import { until } from '../../lib/testing/servers/until.js';
import type { Way } from './history.js';

/** Whether the load of one app goes on. */
export interface Pulse {
  /** A command issued this way and at that time was done. */
  beat(way: Way, issuedAt: number): void;
  /** Waits until something issued after `since` was done in each of the ways. */
  whenGoingOn(who: string, since: number): Promise<void>;
  /** The longest time between two commands that were done since the last call, in milliseconds. */
  takeStall(): number;
}

export function createPulse(ways: readonly Way[]): Pulse {
  const latest = new Map<Way, number>();
  let last = performance.now();
  let longest = 0;
  const pause = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    return now;
  };
  return {
    beat(way, issuedAt) {
      last = pause();
      latest.set(way, Math.max(latest.get(way) ?? 0, issuedAt));
    },
    async whenGoingOn(who, since) {
      const missing = () => ways.filter((way) => (latest.get(way) ?? 0) <= since);
      await until(`${who} goes on in every way`, () => missing().length === 0, {
        timeoutMs: 30_000,
        state: () => `nothing done by ${missing().join(', ')}`,
      });
    },
    takeStall() {
      pause();
      const stall = longest;
      longest = 0;
      return stall;
    },
  };
}
