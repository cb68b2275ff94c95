import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { UnknownOutcomeError } from 'nestjs-redis-replication';
import { readInfo } from '../test/support/info.js';
import { follow, promote, whenInSync } from '../test/support/replication.js';
import { startGroup, type ServerGroup } from '../test/support/server-group.js';
import type { RedisServer } from '../test/support/redis-server.js';
import { startApp, type BenchApp } from './app.js';
import { median, quantile } from './statistics.js';

/** One way in which a group changes its master. */
interface Scenario {
  readonly name: string;
  /** Makes the change; resolves with the moment the promotion was ordered (or, in `FAILOVER`, done by the server). */
  readonly failOver: (from: RedisServer, to: RedisServer, others: readonly RedisServer[]) => Promise<number>;
  /** Brings the old master back as a replica of the new one. */
  readonly heal: (from: RedisServer, to: RedisServer) => Promise<void>;
}

const scenarios: readonly Scenario[] = [
  {
    name: 'planned swap (REPLICAOF)',
    failOver: async (from, to, others) => {
      const at = performance.now();
      await Promise.all([promote(to), follow(from, to), ...others.map((other) => follow(other, to))]);
      return at;
    },
    heal: async () => undefined,
  },
  {
    name: 'planned hand-over (FAILOVER TO)',
    failOver: async (from, to) => {
      await from.command('FAILOVER', 'TO', to.host, to.port);
      while ((await readInfo(to, 'replication')).get('role') !== 'master');
      return performance.now();
    },
    heal: async () => undefined,
  },
  {
    name: 'killed master, promoted 500 ms later',
    failOver: async (from, to, others) => {
      await from.kill();
      await delay(500);
      return promoteAlone(to, others);
    },
    heal: async (from, to) => {
      await from.restart();
      await follow(from, to);
    },
  },
  {
    name: 'hung master, promoted 1 s later',
    failOver: async (from, to, others) => {
      from.hang();
      await delay(1000);
      return promoteAlone(to, others);
    },
    heal: async (from, to) => {
      from.resume();
      await follow(from, to);
    },
  },
];

async function promoteAlone(to: RedisServer, others: readonly RedisServer[]): Promise<number> {
  const at = performance.now();
  await Promise.all([promote(to), ...others.map((other) => follow(other, to))]);
  return at;
}

/** Times from promotion to the first write that the new master acknowledged, for each way of failing over. */
export async function benchRecovery(rounds: number): Promise<void> {
  const group = await startGroup();
  const app = await startApp(group.endpoints);
  try {
    console.log(`\nfrom promotion to the first acknowledged write, ${rounds} rounds each (ms)`);
    for (const scenario of scenarios) {
      const results = [];
      for (let round = 0; round < rounds; round += 1) {
        results.push(await runRound(scenario, group, app));
      }
      printRow(scenario.name, results);
    }
  } finally {
    await app.close();
    await group.stop();
  }
}

interface Result {
  readonly recoveryMs: number;
  readonly failed: number;
  readonly unknown: number;
}

async function runRound(scenario: Scenario, group: ServerGroup, { writer }: BenchApp): Promise<Result> {
  const from = nodeAt(group, writer.stream.remotePort);
  const [to, ...others] = group.nodes.filter((node) => node !== from);
  if (to === undefined) {
    throw new Error('a group needs a replica to fail over to');
  }
  await whenInSync(from, [to, ...others]);
  const writes = { acknowledgedAt: 0, failed: 0, unknown: 0, stopped: false };
  const done = (async () => {
    while (!writes.stopped) {
      try {
        await writer.set('bench', performance.now());
        const isNew = writer.stream.remotePort === to.port;
        writes.acknowledgedAt ||= isNew ? performance.now() : 0;
      } catch (error) {
        writes[error instanceof UnknownOutcomeError ? 'unknown' : 'failed'] += 1;
      }
    }
  })();
  await once(writer.stream, 'data');
  const promotedAt = await scenario.failOver(from, to, others);
  while (writes.acknowledgedAt === 0) {
    await delay(1);
  }
  writes.stopped = true;
  await done;
  await scenario.heal(from, to);
  await Promise.all(others.map((other) => follow(other, to)));
  await whenInSync(to, [from, ...others]);
  return { ...writes, recoveryMs: writes.acknowledgedAt - promotedAt };
}

function nodeAt(group: ServerGroup, port: number | undefined): RedisServer {
  const node = group.nodes.find((each) => each.port === port);
  if (node === undefined) {
    throw new Error(`the writer is connected to port ${port}, which is no node of the group`);
  }
  return node;
}

function printRow(name: string, results: readonly Result[]): void {
  const times = results.map(({ recoveryMs }) => recoveryMs);
  const [mid, p90, worst] = [median(times), quantile(times, 0.9), Math.max(...times)].map((ms) =>
    ms.toFixed(1),
  );
  const sum = (key: 'failed' | 'unknown') => results.reduce((total, result) => total + result[key], 0);
  console.log(
    `${name.padEnd(40)} median ${mid?.padStart(6)}  p90 ${p90?.padStart(6)}  worst ${worst?.padStart(6)}` +
      `  failed ${sum('failed')}  unknown ${sum('unknown')}`,
  );
}
