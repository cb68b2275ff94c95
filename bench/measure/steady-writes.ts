import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../lib/testing/servers/until.js';
import type { Client } from '../contenders/contender.js';
import { outcomeOf, type Outcome } from '../contenders/outcome-of.js';

export interface Acknowledged {
  readonly id: string;
  /** In the time of `performance.now()`. */
  readonly at: number;
}

/** How the writes of one caller ended. Ids are unique within a round. */
export interface WriteLog {
  readonly acknowledged: readonly Acknowledged[];
  readonly failed: readonly string[];
  readonly unknown: readonly string[];
}

export interface SteadyWrites {
  /** How they ended; one that has not ended is unknown. */
  readonly read: () => WriteLog;
  /** Waits until so many more were acknowledged; rejects after `timeoutMs`. */
  readonly whenAcknowledged: (more: number, timeoutMs: number) => Promise<void>;
  /** No write begins any more; the one under way may still end. */
  readonly stop: () => void;
  /** Resolves when the last write has ended. */
  readonly ended: Promise<void>;
}

/** The pause of a caller after a refusal, without which it would fail in a busy loop. */
const pauseAfterErrorMs = 1;

/** One caller that issues each write after the previous one has ended, with or without a pause. */
export function startWrites({ write }: Client, pauseMs: number): SteadyWrites {
  const acknowledged: Acknowledged[] = [];
  const refused: Record<Outcome, string[]> = { failed: [], unknown: [] };
  const flow = { isOn: true, underWay: '' };
  const run = async () => {
    for (let number = 1; flow.isOn; number += 1) {
      const id = String(number);
      flow.underWay = id;
      try {
        await write(id);
        acknowledged.push({ id, at: performance.now() });
        flow.underWay = '';
        if (pauseMs > 0) await delay(pauseMs);
      } catch (error) {
        refused[outcomeOf(error)].push(id);
        flow.underWay = '';
        await delay(pauseAfterErrorMs);
      }
    }
  };
  return {
    read: () => ({
      acknowledged,
      failed: refused.failed,
      unknown: flow.underWay === '' ? refused.unknown : [...refused.unknown, flow.underWay],
    }),
    async whenAcknowledged(more, timeoutMs) {
      const goal = acknowledged.length + more;
      await until(`${more} writes were acknowledged`, () => acknowledged.length >= goal, { timeoutMs });
    },
    stop: () => void (flow.isOn = false),
    ended: run(),
  };
}
