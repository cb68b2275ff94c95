import { usableReplicas, whyNoMajority, whyWait, type WriterPolicy } from '../topology/pick.js';
import { isSplitBrain, whyUnproven } from '../topology/describe-contest.js';
import { masterOf, type Topology, type TopologyKind } from '../topology/topology.js';
import { explainFailure, whyNoNode, type FailureReason } from './explain-failure.js';
import type { ConnectionProbe } from './probe-connection.js';

/**
 * Why the master is not writable.
 *
 * - `NO_MASTER`: no node is a master that may be written to.
 * - `SPLIT_BRAIN`: several nodes claim to be the master, and their history does not decide between them.
 * - `UNPROVEN`: one node claims to be the master, and nothing proves it; or it was accepted without proof.
 * - `NO_MAJORITY`: `requireMajority` is set, and too few nodes can be reached.
 * - `READONLY`, `MISCONF`, `NOREPLICAS`, `OOM`, `LOADING`, `BUSY`, `NOPERM`, `NOAUTH`: the error code of the server.
 * - `PAUSED`: the server answers, but not to writes: a planned failover, a shutdown or `CLIENT PAUSE` is under way.
 * - `BLOCKED`: a blocking command of the app, such as `BLPOP`, waits on the writer, and every write waits behind it.
 * - `TIMEOUT`: the server does not answer.
 * - `CLOSED`: the app has closed the writer.
 * - `ERROR`: anything else, such as a writer that is not connected to the master yet. `message` states the cause.
 *
 * @publicApi
 */
export type UnwritableReason = FailureReason | HeldReason;

/**
 * Why writes are held.
 *
 * @publicApi
 */
export type HeldReason = 'NO_MASTER' | 'NO_MAJORITY' | 'SPLIT_BRAIN' | 'UNPROVEN';

/**
 * The state of a group as the health endpoint shows it.
 *
 * @publicApi
 */
export interface WritableHealth {
  readonly master: string | null;
  readonly generation: number;
  readonly topology: TopologyKind;
  readonly replicas: readonly {
    readonly endpoint: string;
    readonly link: string | null;
    readonly lagBytes: number | null;
  }[];
  readonly latencyMs: number | null;
  readonly reason?: UnwritableReason;
  readonly message?: string;
}

export interface HealthVerdict {
  readonly status: 'up' | 'degraded' | 'down';
  readonly data: WritableHealth;
}

/** The conditions under which a group is healthy. */
export interface HealthPolicy extends WriterPolicy {
  readonly minReplicas: number;
  readonly probeKey: string;
}

/** Judges the health of a group by its topology and one attempt to write. */
export function judgeHealth(
  topology: Topology,
  probe: ConnectionProbe,
  { minReplicas, probeKey, ...policy }: HealthPolicy,
): HealthVerdict {
  const data = describeGroup(topology, 'latencyMs' in probe ? probe.latencyMs : null);
  if (probe.kind !== 'accepted') {
    const node = masterOf(topology);
    const failed = {
      connection: 'writer' as const,
      topology,
      probeKey,
      node,
      whyHeld: () => whyHeld(topology, policy),
    };
    return { status: 'down', data: { ...data, ...explainFailure(probe, failed) } };
  }
  const degraded = whyDegraded(topology, minReplicas);
  return degraded === undefined
    ? { status: 'up', data }
    : { status: 'degraded', data: { ...data, ...degraded } };
}

/** What is wrong with a group whose master accepts writes. */
function whyDegraded(
  topology: Topology,
  minReplicas: number,
): Pick<WritableHealth, 'reason' | 'message'> | undefined {
  if (topology.kind === 'contested') {
    return { reason: whyContested(topology), message: whyWait(topology) };
  }
  if (topology.unproven !== undefined) {
    return { reason: 'UNPROVEN', message: whyUnproven(topology.unproven) };
  }
  const usable = usableReplicas(topology).length;
  return usable < minReplicas
    ? { message: `${usable} of at least ${minReplicas} replicas can be used` }
    : undefined;
}

function whyContested(topology: Topology & { readonly kind: 'contested' }): UnwritableReason {
  return isSplitBrain(topology) ? 'SPLIT_BRAIN' : 'UNPROVEN';
}

function describeGroup(topology: Topology, latencyMs: number | null): WritableHealth {
  return {
    master: masterOf(topology) ?? null,
    generation: topology.generation,
    topology: topology.kind,
    replicas: topology.nodes.flatMap((node) =>
      node.kind === 'replica'
        ? [{ endpoint: node.endpoint, link: node.link ?? null, lagBytes: node.lagBytes ?? null }]
        : [],
    ),
    latencyMs,
  };
}

function whyHeld(topology: Topology, policy: WriterPolicy): UnwritableReason {
  if (whyNoMajority(topology, policy) !== undefined) {
    return 'NO_MAJORITY';
  }
  if (topology.kind === 'contested') {
    return whyContested(topology);
  }
  // If a master is known, only the connection to it is missing.
  return whyNoNode(topology) ?? (masterOf(topology) === undefined ? 'NO_MASTER' : 'ERROR');
}
