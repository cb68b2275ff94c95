import { masterOf, findNode, type Topology, type TopologyKind } from '../topology/topology.js';
import { explainFailure, whyNoNode, type FailureReason } from './explain-failure.js';
import type { ConnectionProbe } from './probe-connection.js';

/**
 * Why the reader cannot be read from.
 *
 * - `NO_NODE`: no node is one that `readFrom` allows.
 * - `LAG`: its replica is more than `maxLagBytes` behind the master.
 * - `LOADING`, `BUSY`, `NOPERM`, `NOAUTH` and the like: the error code of the server.
 * - `PAUSED`: the server answers, but not to reads, as during `CLIENT PAUSE`.
 * - `BLOCKED`: a blocking command of the app waits on the reader, and every read waits behind it.
 * - `TIMEOUT`: the server does not answer.
 * - `CLOSED`: the app has closed the reader.
 * - `ERROR`: anything else. `message` states the cause.
 *
 * @publicApi
 */
export type UnreadableReason = FailureReason | 'NO_NODE' | 'LAG';

/**
 * The state of the reader as the health endpoint shows it.
 *
 * @publicApi
 */
export interface ReadableHealth {
  /** The node that the reader uses; `null` while there is none, or if a test has replaced the reader. */
  readonly node: string | null;
  readonly role: 'master' | 'replica' | null;
  readonly topology: TopologyKind;
  /** Of a replica, its link to the master. */
  readonly link: string | null;
  /** Of a replica, how far it is behind the master, as the last probe found it; `null` where that is not known. */
  readonly lagBytes: number | null;
  readonly latencyMs: number | null;
  readonly reason?: UnreadableReason;
  readonly message?: string;
}

export interface ReadableVerdict {
  readonly status: 'up' | 'degraded' | 'down';
  readonly data: ReadableHealth;
}

/** The attempt to read, where it went, and what is asked of it. */
export interface ReadAttempt {
  readonly probe: ConnectionProbe;
  readonly node: string | undefined;
  readonly probeKey: string;
  readonly maxLagBytes: number | undefined;
}

/** Judges the health of a reader by the topology and one attempt to read. */
export function judgeReadable(topology: Topology, attempt: ReadAttempt): ReadableVerdict {
  const { probe, node, probeKey, maxLagBytes } = attempt;
  const data = describe(topology, attempt);
  if (probe.kind !== 'accepted') {
    const whyHeld = () => whyNoNode(topology) ?? (node === undefined ? 'NO_NODE' : 'ERROR');
    const failure = explainFailure(probe, { connection: 'reader', topology, probeKey, node, whyHeld });
    return { status: 'down', data: { ...data, ...failure } };
  }
  if (data.role !== 'replica') {
    return { status: 'up', data };
  }
  if (maxLagBytes !== undefined && data.lagBytes !== null && data.lagBytes > maxLagBytes) {
    const message = `${data.node} is ${data.lagBytes} bytes behind the master; allowed are ${maxLagBytes}`;
    return { status: 'down', data: { ...data, reason: 'LAG', message } };
  }
  const message = whyMaybeStale(data, maxLagBytes);
  return message === undefined ? { status: 'up', data } : { status: 'degraded', data: { ...data, message } };
}

function describe(topology: Topology, { probe, node }: ReadAttempt): ReadableHealth {
  const found = node === undefined ? undefined : findNode(topology, node);
  const replica = found?.kind === 'replica' ? found : undefined;
  const isMaster = node !== undefined && node === masterOf(topology);
  return {
    node: node ?? null,
    role: isMaster ? 'master' : replica === undefined ? null : 'replica',
    topology: topology.kind,
    link: replica?.link ?? null,
    lagBytes: replica?.lagBytes ?? null,
    latencyMs: 'latencyMs' in probe ? probe.latencyMs : null,
  };
}

/** Reads work, but nobody can tell how old the data are. */
function whyMaybeStale(
  { node, link, lagBytes }: ReadableHealth,
  maxLagBytes: number | undefined,
): string | undefined {
  if (link !== null && link !== 'up') {
    return `the link of ${node} to its master is ${link}: reads may be stale`;
  }
  return maxLagBytes !== undefined && lagBytes === null
    ? `how far ${node} is behind the master is not known`
    : undefined;
}
