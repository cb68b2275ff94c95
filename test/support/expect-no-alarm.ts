import { expect } from 'vitest';
import type { Account } from './alarm-watch.js';
import { readLightLoad } from './light-load.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';

/** Observer, watcher, writer and reader each have a connection to a node, which they re-establish when it is closed. */
const dialsForOneClose = 4;

/**
 * In the first 10 s after a signal, an observer dials an unreachable node every 50 ms. The watcher, the writer and the
 * reader dial it only after it has answered a probe, and the watcher at most every 100 ms.
 */
const dialsPerSecondOfFault = 20 + 10;

/** The effects, other than delay, that a fault may have on an app. */
export interface Cost {
  /** How often it closes connections of the app. Each close may cost the one write that is under way. */
  readonly closes?: number;
  /** Whether a node is unreachable for a while, so that it is dialled repeatedly. */
  readonly isDown?: true;
  /** How often the reader may move to another node. Default 0. */
  readonly readerMoves?: number;
  /** How often the writer may reconnect. Default: once for each close. */
  readonly writerReturns?: number;
  /** Whether the master is unusable for a while, so that writes wait. */
  readonly isMasterAway?: true;
}

/** Expects one master, one generation, no lost commands except on closed connections, and no connection storm. */
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
  // One more, because a fault can close further connections: a demotion closes blocked clients, for example.
  const dialsOfCloses = dialsForOneClose * (closes + 1);
  expect(dials).toBeLessThanOrEqual(dialsOfCloses + (cost.isDown ? dialsPerSecondOfFault * seconds : 0));
  // No acknowledged write is lost, and none was executed twice.
  const count = await readLightLoad(master);
  expect(count).toBeGreaterThanOrEqual(writes);
  expect(count).toBeLessThanOrEqual(writes + unknown);
}
