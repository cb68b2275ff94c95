import type { Redis } from 'ioredis';
import type { RedisReplicationOptions, Topology } from 'nestjs-redis-replication';
import { onTestFinished } from 'vitest';
import { masterOf } from '../../lib/topology/topology.js';
import { countNodes, type CountedNodes } from './counted-nodes.js';
import { countDials } from './dial-counter.js';
import { startLightLoad, type LightLoadResult } from './light-load.js';
import { openReplication, type OpenReplication } from './open-replication.js';

/** What an app went through while something happened to the servers that is no failover. */
export interface Account extends LightLoadResult {
  /** Each accepted master, with its generation. */
  readonly accepted: readonly string[];
  /** Each kind of topology there was. */
  readonly kinds: readonly Topology['kind'][];
  /** How often each connection was made anew, to the same node or to another. */
  readonly reconnects: { readonly writer: number; readonly reader: number };
  /** How many connections were tried to the node to which most were tried, those that were refused included. */
  readonly dials: number;
  readonly seconds: number;
}

export interface AlarmWatch extends OpenReplication {
  /** Waits until each node was looked at so many times more. */
  whenLookedAt(times: number): Promise<void>;
  /** Waits until so many more writes and so many more reads were answered. */
  whenAnswered(more: number): Promise<void>;
  /** Waits until all nodes are well again and the app had the time for a false alarm; then ends the load. */
  end(): Promise<Account>;
}

/** How often all is seen to be well at the end: any one of these looks could raise a late alarm. */
const looksAtTheEnd = 3;
const answersAtTheEnd = 20;

/** Opens writer and reader on these nodes, loads both lightly, and takes note of what becomes of them. */
export async function openAlarmWatch(
  endpoints: readonly string[],
  options: Partial<RedisReplicationOptions> = {},
): Promise<AlarmWatch> {
  const nodes = countNodes(endpoints);
  // A machine that is slow for a moment is no fault here, unless a test says so.
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
  const whenLookedAt = (times: number) => whenAllLookedAt(nodes, endpoints, times);
  return {
    ...opened,
    whenLookedAt,
    whenAnswered: (more) => load.whenAnswered(more),
    async end() {
      await whenTopology(isWell);
      await whenLookedAt(looksAtTheEnd);
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

async function whenAllLookedAt(
  nodes: CountedNodes,
  endpoints: readonly string[],
  times: number,
): Promise<void> {
  // One after the other, since the time for a look is limited, and a node may be slow.
  for (let left = times; left > 0; left -= 1) {
    await Promise.all(endpoints.map((endpoint) => nodes.whenLookedAt(endpoint, 1)));
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
