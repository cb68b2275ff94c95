import { setTimeout as delay } from 'node:timers/promises';
import { readInfo } from '../../lib/testing/servers/info.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import { startCrowd } from '../scenarios/crowd.js';

/** What a node that does nothing else spends on one kind of question. */
export interface QuestionCost {
  readonly question: string;
  readonly perSecond: number;
  /** The share of one core. */
  readonly load: number;
}

/** What a fleet of 2,000 apps may ask of a node. */
const apps = 2000;
const perSecond = 8000;

/** The commands that report the role; the observers send the second. */
const questions = ['PING', 'INFO replication keyspace', 'INFO replication', 'ROLE', 'HELLO'];

export async function measureQuestions(seconds: number): Promise<readonly QuestionCost[]> {
  const group = await startGroup();
  try {
    const costs: QuestionCost[] = [];
    for (const question of questions) costs.push(await measure(question, group.master, seconds));
    return costs;
  } finally {
    await group.stop();
  }
}

async function measure(question: string, node: RedisServer, seconds: number): Promise<QuestionCost> {
  const { host, port } = node;
  const repeated = { command: question, perSecond };
  const end = await startCrowd({ host, port, size: apps, greeting: 'HELLO 3', repeated });
  await delay(500);
  const before = await readSpent(node);
  await delay(seconds * 1000);
  const after = await readSpent(node);
  end();
  const took = (after.at - before.at) / 1000;
  return {
    question,
    perSecond: (after.commands - before.commands) / took,
    load: (after.seconds - before.seconds) / took,
  };
}

interface Spent {
  readonly at: number;
  readonly commands: number;
  /** Of CPU time. */
  readonly seconds: number;
}

async function readSpent(node: RedisServer): Promise<Spent> {
  const [stats, cpu] = [await readInfo(node, 'stats'), await readInfo(node, 'cpu')];
  return {
    at: performance.now(),
    commands: Number(stats.get('total_commands_processed')),
    seconds: Number(cpu.get('used_cpu_sys')) + Number(cpu.get('used_cpu_user')),
  };
}
