import { countDials } from './dial-counter.js';
import { readInfo } from '../../lib/testing/servers/info.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';

export interface Traffic {
  readonly seconds: number;
  /** The highest number of commands on any node: of the app, its replicas, and one of the measurement itself. */
  readonly commands: number;
  /** The highest number of connection attempts of this process to any node. */
  readonly dials: number;
}

/** Measures the traffic between this process and the nodes until `during` is over. */
export async function measureTraffic(
  nodes: readonly RedisServer[],
  during: () => Promise<unknown>,
): Promise<Traffic> {
  const before = await Promise.all(nodes.map(countCommands));
  const counter = countDials();
  const startedAt = performance.now();
  await during().finally(() => counter.stop());
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await Promise.all(nodes.map(countCommands));
  return {
    seconds,
    commands: Math.max(...after.map((count, index) => count - (before[index] ?? 0))),
    dials: Math.max(...nodes.map(({ port }) => counter.to(port))),
  };
}

async function countCommands(node: RedisServer): Promise<number> {
  return Number((await readInfo(node, 'stats')).get('total_commands_processed'));
}
