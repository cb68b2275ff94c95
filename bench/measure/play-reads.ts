import { setTimeout as delay } from 'node:timers/promises';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { whenInSync } from '../../lib/testing/servers/replication.js';
import { until } from '../../lib/testing/servers/until.js';
import type { Contender, ReadClient } from '../contenders/contender.js';
import { restartAsReplica, whenSentinelsAgree } from '../scenarios/heal.js';
import type { ReadScenario } from '../scenarios/reads.js';
import { findRoles, type Roles, type Stage } from '../scenarios/stage.js';
import { within } from './within.js';

export interface ReadResult {
  readonly recoveryMs: number | null;
  /** The longest time in which no read was answered. */
  readonly stallMs: number;
  /** Reads that were rejected. */
  readonly failed: number;
}

export interface ReadPlay {
  readonly contender: Contender;
  readonly scenario: ReadScenario;
  readonly stage: Stage;
  readonly limitMs: number;
}

const openMs = 10_000;
const warmUpReads = 50;

/** Opens a reader, lets it read, kills replicas, and brings them back. */
export async function playReads({ contender, scenario, stage, limitMs }: ReadPlay): Promise<ReadResult> {
  const roles = await findRoles(stage.group);
  const opening = contender.openReader?.(stage.place(roles.master));
  if (opening === undefined) throw new Error(`${contender.name} has no reader`);
  const client = await within(openMs, `opening ${contender.name}`, opening);
  const reads = startReads(client);
  try {
    await until('reads are answered', () => reads.answered.length >= warmUpReads, { timeoutMs: openMs });
    const victims = scenario.victims(findUsed(client, roles), roles.replicas);
    const killedAt = performance.now();
    await Promise.all(victims.map((node) => node.kill()));
    const nodes = victims.map(({ endpoint }) => endpoint);
    const first = await whenAnswered(reads, { nodes, killedAt, limitMs });
    const endedAt = performance.now();
    await stopReads(reads, client);
    await revive(stage, roles, victims);
    const times = [...reads.answered.map(({ at }) => at), endedAt];
    return {
      recoveryMs: first === undefined ? null : first.at - killedAt,
      stallMs: Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? at))),
      failed: reads.flow.failed,
    };
  } finally {
    await stopReads(reads, client);
  }
}

interface Answer {
  readonly at: number;
  readonly node: string | undefined;
}

interface Reads {
  readonly answered: readonly Answer[];
  readonly flow: { isOn: boolean; failed: number };
  readonly ended: Promise<void>;
}

/** One caller that pauses for a millisecond after each read. */
function startReads(client: ReadClient): Reads {
  const answered: Answer[] = [];
  const flow = { isOn: true, failed: 0 };
  const run = async () => {
    for (; flow.isOn; await delay(1)) {
      try {
        await client.read();
        answered.push({ at: performance.now(), node: client.node() });
      } catch {
        flow.failed += 1;
      }
    }
  };
  return { answered, flow, ended: run() };
}

function findUsed(client: ReadClient, { replicas }: Roles): RedisServer {
  const endpoint = client.node();
  const used = replicas.find((node) => node.endpoint === endpoint);
  if (used === undefined) throw new Error(`the reader uses ${endpoint}, which is no replica`);
  return used;
}

interface Wait {
  readonly nodes: readonly string[];
  readonly killedAt: number;
  readonly limitMs: number;
}

/** The first read that a node answered which was not killed. */
async function whenAnswered(
  { answered }: Reads,
  { nodes, killedAt, limitMs }: Wait,
): Promise<Answer | undefined> {
  const isByOther = ({ node }: Answer) => node !== undefined && !nodes.includes(node);
  while (performance.now() < killedAt + limitMs) {
    const last = answered.at(-1);
    if (last !== undefined && isByOther(last)) break;
    await delay(1);
  }
  return answered.find((answer) => answer.at > killedAt && isByOther(answer));
}

async function stopReads({ flow, ended }: Reads, client: ReadClient): Promise<void> {
  flow.isOn = false;
  await within(200, 'the last read', ended).catch(() => undefined);
  await within(3000, 'closing', client.close()).catch(() => undefined);
}

async function revive(stage: Stage, { master }: Roles, victims: readonly RedisServer[]): Promise<void> {
  await Promise.all(victims.map((node) => restartAsReplica(node, master)));
  await whenInSync(master, victims);
  await whenSentinelsAgree(stage, master);
}
