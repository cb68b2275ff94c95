import type { Redis } from 'ioredis';
import type { RedisReplicationOptions, Topology } from 'nestjs-redis-replication';
import { onTestFinished } from 'vitest';
import { masterOf } from '../../lib/topology/topology.js';
import { countNodes, type CountedNodes } from './counted-nodes.js';
import { countDials } from './dial-counter.js';
import { startLightLoad, type LightLoadResult } from './light-load.js';
import { openReplication, type OpenReplication } from './open-replication.js';

/** What an app experienced during an event on the servers that is not a failover. */
export interface Account extends LightLoadResult {
  /** Each accepted master, with its generation. */
  readonly accepted: readonly string[];
  /** Each kind of topology that occurred. */
  readonly kinds: readonly Topology['kind'][];
  /** How often each connection was re-established, to the same node or to another. */
  readonly reconnects: { readonly writer: number; readonly reader: number };
  /** The number of connection attempts to the node with the most attempts, including refused ones. */
  readonly dials: number;
  readonly seconds: number;
}

export interface AlarmWatch extends OpenReplication {
  /** Waits until each node has been probed that many times more. */
  whenProbed(times: number): Promise<void>;
  /** Waits until that many more writes and that many more reads have been answered. */
  whenAnswered(more: number): Promise<void>;
  /** Waits until all nodes are healthy again and a false alarm would have been raised; then ends the load. */
  end(): Promise<Account>;
}

/** How many probes of each node must succeed at the end: any one of them could raise a late alarm. */
const finalProbes = 3;
const answersAtTheEnd = 20;

/** Opens writer and reader on these nodes, puts a light load on both, and records what happens to them. */
export async function openAlarmWatch(
  endpoints: readonly string[],
  options: Partial<RedisReplicationOptions> = {},
): Promise<AlarmWatch> {
  const nodes = countNodes(endpoints);
  // A machine that is slow for a moment is not a fault here, unless a test makes it one.
  const opened = await openReplication(nodes.source, { replyTimeoutMs: 1000, ...options });
  const { writer, reader, whenTopology } = opened;
  await whenTopology((topology) => topology.nodes.every(({ kind }) => kind !== 'pending'));
  await reader.ping();
  const seen = noteTopologies(opened);
  const ready = { writer: countReady(writer), reader: countReady(reader) };
  const dials = countDials();
  onTestFinished(() => dials.stop());
  const load = startLightLoad(writer, reader);
  onTestFinished(async () => void (await load.stop()));
  const startedAt = performance.now();
  const whenProbed = (times: number) => whenAllProbed(nodes, endpoints, times);
  return {
    ...opened,
    whenProbed,
    whenAnswered: (more) => load.whenAnswered(more),
    async end() {
      await whenTopology(isWell);
      await whenProbed(finalProbes);
      await load.whenAnswered(answersAtTheEnd);
      const seconds = (performance.now() - startedAt) / 1000;
      return {
        ...(await load.stop()),
        accepted: [...seen.accepted],
        kinds: [...seen.kinds],
        reconnects: { writer: ready.writer(), reader: ready.reader() },
        dials: Math.max(...endpoints.map((endpoint) => dials.to(portOf(endpoint)))),
        seconds,
      };
    },
  };
}

async function whenAllProbed(
  nodes: CountedNodes,
  endpoints: readonly string[],
  times: number,
): Promise<void> {
  // One after the other, because the time for a probe is limited and a node may be slow.
  for (let left = times; left > 0; left -= 1) {
    await Promise.all(endpoints.map((endpoint) => nodes.whenProbed(endpoint, 1)));
  }
}

function noteTopologies({ replication }: OpenReplication) {
  const accepted = new Set<string>();
  const kinds = new Set<Topology['kind']>();
  replication.topology$.subscribe((topology) => {
    const master = masterOf(topology);
    kinds.add(topology.kind);
    if (master !== undefined) accepted.add(`generation ${topology.generation}: ${master}`);
  });
  return { accepted, kinds };
}

function isWell({ kind, nodes }: Topology): boolean {
  const isInStep = nodes.every(
    (node) =>
      node.kind === 'master' || (node.kind === 'replica' && node.link === 'up' && node.following === true),
  );
  return kind === 'steady' && isInStep;
}

function countReady(redis: Redis): () => number {
  let times = 0;
  redis.on('ready', () => (times += 1));
  return () => times;
}

function portOf(endpoint: string): number {
  return Number(endpoint.slice(endpoint.lastIndexOf(':') + 1));
}
