import { setTimeout as delay } from 'node:timers/promises';
import { readInfo } from '../../lib/testing/servers/info.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';

/** What a node has counted since it started, without the commands of the benchmark itself. */
export interface Counts {
  /** `INFO`, `ROLE` and `HELLO`, by which clients learn the role of a node. */
  readonly questions: number;
  /** Those among them that were `HELLO`. */
  readonly hellos: number;
  /** Connections of writers and readers; see `readCounts`. */
  readonly handshakes: number;
  /** All commands. */
  readonly commands: number;
}

export interface Sample extends Counts {
  /** In the time of `performance.now()`. */
  readonly at: number;
}

export interface Sampling {
  /** The samples of each node; ends the sampling. */
  readonly stop: () => Promise<readonly (readonly Sample[])[]>;
}

const intervalMs = 100;

/** Nothing else may send `INFO` to these nodes over the same connections meanwhile. */
export function startSampling(nodes: readonly RedisServer[]): Sampling {
  const flow = { isOn: true };
  const all = Promise.all(nodes.map((node) => sample(node, flow)));
  // Reported by `stop`.
  all.catch(() => undefined);
  return {
    stop() {
      flow.isOn = false;
      return all;
    },
  };
}

async function sample(node: RedisServer, flow: { readonly isOn: boolean }): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (let own = 0; flow.isOn; own += 1) {
    const nextAt = performance.now() + intervalMs;
    const counts = await readCounts(node);
    const { questions, commands } = counts;
    samples.push({
      ...counts,
      at: performance.now(),
      questions: questions - own,
      commands: commands - own,
    });
    await delay(Math.max(0, nextAt - performance.now()));
  }
  return samples;
}

/**
 * The server does not distinguish the `INFO` of an observer from that in the handshake of a writer or reader. But every
 * connection begins with one `HELLO`, and each connection of an observer or watcher then sends one `CLIENT SETNAME`
 * (counted separately since Redis 7). The remaining ones are writers and readers, with one `INFO` each.
 */
async function readCounts(node: RedisServer): Promise<Counts> {
  const stats = await readInfo(node, 'commandstats');
  const calls = (command: string) => callsIn(stats.get(`cmdstat_${command}`));
  const hellos = calls('hello');
  return {
    questions: calls('info') + calls('role') + hellos,
    hellos,
    handshakes: hellos - calls('client|setname'),
    commands: [...stats.values()].reduce((sum, line) => sum + callsIn(line), 0),
  };
}

function callsIn(line: string | undefined): number {
  return Number(/^calls=(\d+)/.exec(line ?? '')?.[1] ?? 0);
}
