import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { UnknownOutcomeError } from 'nestjs-redis-replication';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { until } from '../../lib/testing/servers/until.js';

/** The outcomes of the commands of one kind, each identified by the number it was issued with. */
interface Ended {
  readonly acknowledged: number[];
  readonly unknown: number[];
}

export interface LoadResult {
  readonly increments: Ended;
  readonly pushes: Ended;
  /** Every error that is not an `UnknownOutcomeError`. */
  readonly failures: unknown[];
}

export interface SteadyLoad {
  /** Waits until that many more commands have been acknowledged. */
  whenAcknowledged(more: number): Promise<void>;
  /** The highest number issued so far. */
  readonly issued: number;
  /** Stops the load and waits until each command has ended. */
  stop(): Promise<LoadResult>;
}

const keys = { counter: 'load:counter', list: 'load:list' } as const;
const maxUnderWay = 64;

/** Increments a counter and pushes 1, 2, 3 …, many at once and without a pause, as a busy app does. */
export function startLoad(writer: Redis): SteadyLoad {
  const result: LoadResult = {
    increments: { acknowledged: [], unknown: [] },
    pushes: { acknowledged: [], unknown: [] },
    failures: [],
  };
  const underWay = new Set<Promise<void>>();
  const flow = { isOn: true, issued: 0 };
  const follow = (command: Promise<unknown>, kind: 'increments' | 'pushes') => {
    const notes = { ended: result[kind], failures: result.failures };
    const ended = note(command, flow.issued, notes).finally(() => underWay.delete(ended));
    underWay.add(ended);
  };
  const issue = async () => {
    while (flow.isOn) {
      flow.issued += 1;
      follow(writer.incr(keys.counter), 'increments');
      follow(writer.rpush(keys.list, flow.issued), 'pushes');
      await (underWay.size < maxUnderWay ? nextTurn() : Promise.race(underWay));
    }
  };
  const issuing = issue();
  const { acknowledged } = result.pushes;
  return {
    async whenAcknowledged(more) {
      const goal = acknowledged.length + more;
      await until(`${more} more were acknowledged`, () => acknowledged.length >= goal);
    },
    get issued() {
      return flow.issued;
    },
    async stop() {
      flow.isOn = false;
      await issuing;
      await Promise.all(underWay);
      return result;
    },
  };
}

async function note(command: Promise<unknown>, number: number, { ended, failures }: Notes): Promise<void> {
  try {
    await command;
    ended.acknowledged.push(number);
  } catch (error) {
    if (error instanceof UnknownOutcomeError) ended.unknown.push(number);
    else failures.push(error);
  }
}

interface Notes {
  readonly ended: Ended;
  readonly failures: unknown[];
}

/** What a load has written to a node. */
export async function readLoad(node: RedisServer): Promise<{ counter: number; numbers: readonly number[] }> {
  const items = await node.command('LRANGE', keys.list, 0, -1);
  return {
    counter: Number(await node.command('GET', keys.counter)),
    numbers: Array.isArray(items) ? items.map(Number) : [],
  };
}
