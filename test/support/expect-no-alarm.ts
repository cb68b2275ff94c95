import { expect } from 'vitest';
import type { Account } from './alarm-watch.js';
import { readLightLoad } from './light-load.js';
import type { RedisServer } from './redis-server.js';

/** Observer, watcher, writer and reader have a connection each to one node, which they make anew when it is closed. */
const dialsForOneClose = 4;

/**
 * A node that is not there is tried every 50 ms by its observer, within the first 10 s after a signal; the watcher, the
 * writer and the reader try it only when it was seen to answer, and the watcher at most every 100 ms.
 */
const dialsPerSecondOfFault = 20 + 10;

/** What a fault may cost an app, beyond time. */
export interface Cost {
  /** How often it closes connections of ours. Each may cost the one write that is under way. */
  readonly closes?: number;
  /** Whether a node is not there for a while, so that it is tried again and again. */
  readonly isDown?: true;
  /** How often the reader may go elsewhere. Default 0. */
  readonly readerMoves?: number;
  /** How often the writer may connect anew. Default: once for each close. */
  readonly writerReturns?: number;
  /** Whether the master is not usable for a while, so that writes wait. */
  readonly isMasterAway?: true;
}

/** One master, one generation, no command lost but those whose connection was closed, and no storm. */
export async function expectNoAlarm(account: Account, master: RedisServer, cost: Cost = {}): Promise<void> {
  const { closes = 0, readerMoves = 0, writerReturns = closes } = cost;
  const { accepted, kinds, failures, unknown, writes, reconnects, dials, seconds } = account;
  expect(failures).toEqual([]);
  expect(accepted).toHaveLength(1);
  expect(accepted[0]).toMatch(/^generation 1: /);
  expect(new Set(kinds)).toEqual(new Set(cost.isMasterAway ? ['steady', 'masterless'] : ['steady']));
  expect(unknown).toBeLessThanOrEqual(closes);
  expect(reconnects.writer).toBeLessThanOrEqual(writerReturns);
  expect(reconnects.reader).toBeLessThanOrEqual(readerMoves);
  // One more close, for what the fault closes beside: a blocked client is closed at a demotion, for one.
  const dialsOfCloses = dialsForOneClose * (closes + 1);
  expect(dials).toBeLessThanOrEqual(dialsOfCloses + (cost.isDown ? dialsPerSecondOfFault * seconds : 0));
  // Nothing that was acknowledged is gone, and nothing was executed twice.
  const count = await readLightLoad(master);
  expect(count).toBeGreaterThanOrEqual(writes);
  expect(count).toBeLessThanOrEqual(writes + unknown);
}
