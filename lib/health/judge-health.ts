import { safeText } from '../topology/safe-text.js';
import { usableReplicas, whyNoMajority, whyWait, type WriterPolicy } from '../topology/pick.js';
import { isSplitBrain, whyUnproven } from '../topology/describe-contest.js';
import { findNode, masterOf, type Topology, type TopologyKind } from '../topology/topology.js';

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
export type UnwritableReason =
  | (typeof serverCodes)[number]
  | 'NO_MASTER'
  | 'NO_MAJORITY'
  | 'SPLIT_BRAIN'
  | 'UNPROVEN'
  | 'PAUSED'
  | 'BLOCKED'
  | 'TIMEOUT'
  | 'CLOSED'
  | 'ERROR';

const serverCodes = [
  'READONLY',
  'MISCONF',
  'NOREPLICAS',
  'OOM',
  'LOADING',
  'BUSY',
  'NOPERM',
  'NOAUTH',
] as const;

/** The result of an attempt to write. */
export type WriteProbe =
  | { readonly kind: 'written'; readonly latencyMs: number }
  | { readonly kind: 'refused'; readonly latencyMs: number; readonly message: string }
  /** If `node` is set, the connection to it is kept, because the node may answer again. */
  | { readonly kind: 'held'; readonly reason: string; readonly node?: string | undefined }
  /** `isAnswering`: the master has answered an observer meanwhile. `blockedBy`: the blocking command before the write. */
  | {
      readonly kind: 'silent';
      readonly limitMs: number;
      readonly isAnswering: boolean;
      readonly blockedBy?: string | undefined;
    }
  | { readonly kind: 'closed' };

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
  probe: WriteProbe,
  { minReplicas, ...policy }: HealthPolicy,
): HealthVerdict {
  const data = describeGroup(topology, 'latencyMs' in probe ? probe.latencyMs : null);
  if (probe.kind !== 'written') {
    return { status: 'down', data: { ...data, ...explain(topology, probe, policy) } };
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

interface Explanation {
  readonly reason: UnwritableReason;
  readonly message: string;
}

function explain(
  topology: Topology,
  probe: Exclude<WriteProbe, { readonly kind: 'written' }>,
  policy: Omit<HealthPolicy, 'minReplicas'>,
): Explanation {
  switch (probe.kind) {
    case 'refused':
      return explainRefusal(probe.message, policy);
    case 'held':
      return {
        reason: whySuspended(topology, probe.node) ?? whyHeld(topology, policy),
        message: probe.reason,
      };
    case 'silent':
      return explainSilence(topology, probe);
    case 'closed':
      return { reason: 'CLOSED', message: 'the writer is closed' };
    default:
      return probe satisfies never;
  }
}

function explainRefusal(refusal: string, { probeKey }: Pick<HealthPolicy, 'probeKey'>): Explanation {
  const reason = codeOf(refusal);
  const message = safeText(refusal);
  const hint = `; the user needs SET and the key "${probeKey}" (option "probeKey")`;
  return { reason, message: reason === 'NOPERM' ? `${message}${hint}` : message };
}

/** Only the first word of an error is the same for all servers. */
function codeOf(message: string): UnwritableReason {
  const word = message.split(' ', 1)[0];
  return serverCodes.find((code) => code === word) ?? (word === 'WRONGPASS' ? 'NOAUTH' : 'ERROR');
}

function whyHeld(topology: Topology, policy: WriterPolicy): UnwritableReason {
  if (whyNoMajority(topology, policy) !== undefined) {
    return 'NO_MAJORITY';
  }
  if (topology.kind === 'contested') {
    return whyContested(topology);
  }
  const faults = topology.nodes.flatMap((node) => (node.kind === 'unusable' ? node.fault : []));
  if (faults.includes('LOADING')) {
    return 'LOADING';
  }
  const isForbidden = faults.length > 0 && faults.length === topology.nodes.length;
  if (isForbidden && faults.every((fault) => fault === 'NOAUTH' || fault === 'WRONGPASS')) {
    return 'NOAUTH';
  }
  // If a master is known, only the connection to it is missing.
  return masterOf(topology) === undefined ? 'NO_MASTER' : 'ERROR';
}

/** If the master stopped answering, nothing is written to it, but its connection is kept. */
function whySuspended(topology: Topology, endpoint: string | undefined): 'PAUSED' | 'TIMEOUT' | undefined {
  const node = endpoint === undefined ? undefined : findNode(topology, endpoint);
  const fault = node?.kind === 'unusable' ? node.fault : undefined;
  return fault === 'PAUSED' || fault === 'TIMEOUT' ? fault : undefined;
}

/** Observers have connections of their own. A node that answers them but not the writer has paused writes. */
function explainSilence(
  topology: Topology,
  { limitMs, isAnswering, blockedBy }: WriteProbe & { kind: 'silent' },
): Explanation {
  const master = masterOf(topology);
  if (!isAnswering || master === undefined) {
    const why = master === undefined ? whyWait(topology) : `${master} does not answer`;
    return { reason: 'TIMEOUT', message: `no answer to a write within ${limitMs} ms; ${why}` };
  }
  return blockedBy === undefined
    ? { reason: 'PAUSED', message: `${master} answers, but did not answer a write within ${limitMs} ms` }
    : { reason: 'BLOCKED', message: describeBlock(blockedBy) };
}

function describeBlock(command: string): string {
  return (
    `${command} waits on the writer, and every write waits behind it; ` +
    'issue blocking commands on a connection of their own: writer.duplicate()'
  );
}
