import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { UnknownOutcomeError } from 'nestjs-redis-replication';
import { until } from '../../lib/testing/servers/until.js';

export interface LightLoadResult {
  readonly writes: number;
  readonly reads: number;
  /** Writes that ended with `UnknownOutcomeError`. */
  readonly unknown: number;
  /** Every other error, of writes and of reads. */
  readonly failures: readonly unknown[];
}

export interface LightLoad {
  /** Waits until that many more writes and that many more reads have been answered. */
  whenAnswered(more: number): Promise<void>;
  /** Stops the load and waits until the last commands have ended. */
  stop(): Promise<LightLoadResult>;
}

const counter = 'light-load';

/**
 * Increments on the writer and reads on the reader, one command at a time on each, so that a closed connection can cost
 * at most one command.
 */
export function startLightLoad(writer: Redis, reader: Redis): LightLoad {
  const result = { writes: 0, reads: 0, unknown: 0 };
  const failures: unknown[] = [];
  const flow = { isOn: true };
  const repeat = async (step: () => Promise<void>) => {
    while (flow.isOn) {
      await step().catch((error: unknown) => {
        if (error instanceof UnknownOutcomeError && error.command === 'incr') result.unknown += 1;
        else failures.push(error);
      });
      // A command that fails at once must not starve the rest of the process.
      await nextTurn();
    }
  };
  const running = [
    repeat(async () => {
      await writer.incr(counter);
      result.writes += 1;
    }),
    repeat(async () => {
      await reader.get(counter);
      result.reads += 1;
    }),
  ];
  return {
    async whenAnswered(more) {
      const goal = { writes: result.writes + more, reads: result.reads + more };
      await until(`${more} more writes and reads were answered`, () => hasReached(result, goal), {
        timeoutMs: 15_000,
        state: () => ({ ...result, goal, failures: failures.map(String) }),
      });
    },
    async stop() {
      flow.isOn = false;
      await Promise.all(running);
      return { ...result, failures };
    },
  };
}

type Progress = Pick<LightLoadResult, 'writes' | 'reads'>;

function hasReached(now: Progress, goal: Progress): boolean {
  return now.writes >= goal.writes && now.reads >= goal.reads;
}

/** How often the load has incremented, by the count that a node has. */
export async function readLightLoad(node: {
  command(name: string, key: string): Promise<unknown>;
}): Promise<number> {
  return Number(await node.command('GET', counter));
}
