import type { Redis } from 'ioredis';
import {
  staticNodes,
  type NodeSource,
  type RedisReplicationOptions,
  type Topology,
} from 'nestjs-redis-replication';
import { filter, firstValueFrom } from 'rxjs';
import { onTestFinished } from 'vitest';
import type { Report } from '../../lib/nest/log-notes.js';
import { Replication } from '../../lib/nest/replication.js';
import { resolveOptions } from '../../lib/nest/resolve-options.js';
import type { Dial } from '../../lib/sockets/dial.js';
import { masterOf } from '../../lib/topology/topology.js';
import { forTests } from './patience.js';

export interface OpenReplication {
  readonly replication: Replication;
  readonly writer: Redis;
  readonly reader: Redis;
  /** What was reported to operators, in order. */
  readonly notes: readonly string[];
  /** Waits for the next topology that matches. */
  readonly whenTopology: (fits: (topology: Topology) => boolean) => Promise<Topology>;
  /** Waits until this node is the accepted master. */
  readonly whenMaster: (node: { readonly endpoint: string }) => Promise<Topology>;
}

type Options = Partial<RedisReplicationOptions>;

/** Writer and reader on these nodes, as the Nest module makes them, not yet connected; closed when the test is over. */
export function createReplication(
  nodes: readonly string[] | NodeSource,
  { source: given, cluster: _cluster, ...options }: Options = {},
  openSocket?: Dial,
): OpenReplication {
  const notes: string[] = [];
  const report: Report = ({ text }) => notes.push(text);
  const source = typeof nodes === 'function' ? nodes : staticNodes(nodes);
  const resolved = resolveOptions({ ...forTests, ...options, source: given ?? source });
  const replication = new Replication(resolved, report, openSocket);
  onTestFinished(() => replication.onApplicationShutdown());
  const whenTopology = (fits: (topology: Topology) => boolean) =>
    firstValueFrom(replication.topology$.pipe(filter(fits)));
  return {
    replication,
    writer: replication.createWriter(),
    reader: replication.createReader(),
    notes,
    whenTopology,
    whenMaster: ({ endpoint }) => whenTopology((topology) => masterOf(topology) === endpoint),
  };
}

/** The same, with a writer that is ready. */
export async function openReplication(
  nodes: readonly string[] | NodeSource,
  options: Options = {},
  openSocket?: Dial,
): Promise<OpenReplication> {
  const opened = createReplication(nodes, { boot: 'required', ...options }, openSocket);
  await opened.replication.onModuleInit();
  return opened;
}
