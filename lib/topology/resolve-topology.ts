import { trackCandidacy, type Candidacy } from './candidacy.js';
import { claimsIn, type AcceptedMaster, type Evidence, type Intent } from './claims.js';
import { detectDataLoss } from './data-loss.js';
import { detectFailover, generationOf } from './failover.js';
import { judge, type Verdict } from './judge.js';
import { emptyLineage, learnLineage, type Lineage } from './lineage.js';
import {
  masterServer,
  rememberAccepted,
  rememberIntent,
  rememberReplicas,
  rememberReplicaTimes,
  rememberSuperseded,
  withoutAccepted,
} from './memory.js';
import type { Observation } from './observation.js';
import { groupServers, isAnswered, newestOf, type AnsweredServer } from './servers.js';
import type { Signal } from './signal.js';
import { describeServers } from './topology-nodes.js';
import { countServers, rememberIdentities, type ServerIdentities } from './known-servers.js';
import { masterOf, type Topology, type Unproven } from './topology.js';
import { rememberTrusted, withTrustedIds, type TrustedReports } from './trusted-reports.js';

/** The topology, and the memory needed to judge the next observations. Times are those of a monotonic clock. */
export interface Resolution {
  readonly topology: Topology;
  readonly accepted?: AcceptedMaster;
  readonly lineage: Lineage;
  readonly replicaRunIds: ReadonlyMap<string, string>;
  /** When each endpoint reported `replica` last, in milliseconds. */
  readonly replicaAt: ReadonlyMap<string, number>;
  readonly superseded: ReadonlySet<string>;
  readonly identities: ServerIdentities;
  readonly intent: Intent;
  readonly trusted: TrustedReports;
  readonly candidacy?: Candidacy;
  /** When the accepted master replaced another one, in milliseconds. */
  readonly acceptedAt?: number;
  /** The signal that led to the first probe in which the accepted master was no longer the master. */
  readonly lostBy?: Signal;
}

/** What a resolution depends on beside the observations. */
export interface Circumstances {
  /** The endpoints that the source names as the intended master. */
  readonly intended: ReadonlySet<string>;
  /** The endpoints that the source has derived, and that may lead to no server. */
  readonly derived: ReadonlySet<string>;
  /** The availability zones of endpoints. Default: none is known. */
  readonly zones?: ReadonlyMap<string, string>;
  /** How long the only claimant waits before it is accepted without proof, in milliseconds; `Infinity`: for ever. */
  readonly acceptAfterMs: number;
  /** Added to a time of the monotonic clock, it gives the time since the epoch, in milliseconds. */
  readonly epochMs: number;
}

const plainCircumstances: Circumstances = {
  intended: new Set(),
  derived: new Set(),
  acceptAfterMs: 30_000,
  epochMs: 0,
};

export function initialResolution(at: number): Resolution {
  return {
    topology: { kind: 'unknown', generation: 0, cause: 'start', changedAt: at, nodes: [] },
    lineage: emptyLineage,
    replicaRunIds: new Map(),
    replicaAt: new Map(),
    superseded: new Set(),
    identities: new Map(),
    intent: { endpoints: new Set(), outdated: new Set() },
    trusted: new Map(),
  };
}

/**
 * Derives the topology from the latest observation of every node. Pure: the order of the observations does not matter,
 * and applying the same ones twice changes nothing.
 */
export function resolveTopology(
  previous: Resolution,
  observations: readonly Observation[],
  circumstances: Circumstances = plainCircumstances,
): Resolution {
  const latest = newestOf(observations);
  const at = latest?.at ?? 0;
  const identities = rememberIdentities(previous.identities, observations);
  const evidence = gatherEvidence({ ...previous, identities }, observations, { ...circumstances, at });
  const verdict = judge(evidence, { at, acceptAfterMs: circumstances.acceptAfterMs });
  const memory = { ...updateMemory({ previous, evidence, verdict, latest }), identities };
  // Servers are named as in the next resolution, so that the same observations twice change nothing.
  const named: Evidence = {
    ...evidence,
    ...memory,
    accepted: memory.accepted,
    servers: withTrustedIds(groupServers(observations, memory.accepted?.endpoint), memory.trusted),
  };
  const topology = concludeTopology({ previous, evidence: named, verdict, latest, memory, circumstances });
  return { topology, ...memory };
}

function gatherEvidence(
  { accepted, lineage, replicaRunIds, superseded, intent, candidacy, identities, trusted }: Resolution,
  observations: readonly Observation[],
  { intended, derived, at }: Circumstances & { readonly at: number },
): Evidence {
  const servers = withTrustedIds(groupServers(observations, accepted?.endpoint), trusted);
  const histories = servers.filter(isAnswered).flatMap(({ report }) => report.history ?? []);
  const evidence: Evidence = {
    servers,
    knownServers: countServers(observations, identities, derived),
    lineage: learnLineage(lineage, histories, accepted?.replicationId),
    accepted,
    replicaRunIds,
    superseded: withoutAccepted(superseded, { accepted, servers }),
    intent: rememberIntent(intent, intended, 'none'),
    trusted,
    candidacy: undefined,
  };
  return { ...evidence, candidacy: trackCandidacy(candidacy, evidence, at) };
}

type Memory = Omit<Resolution, 'topology' | 'identities'>;

interface Step {
  readonly previous: Resolution;
  readonly evidence: Evidence;
  readonly verdict: Verdict;
  readonly latest: Observation | undefined;
}

function updateMemory({ previous, evidence, verdict, latest }: Step): Memory {
  const master = masterServer(verdict);
  const { servers, lineage, candidacy, intent } = evidence;
  const isChange = master !== undefined && master.endpoint !== previous.accepted?.endpoint;
  const acceptedAt = isChange && previous.accepted !== undefined ? latest?.at : previous.acceptedAt;
  return {
    ...rememberAccepted(previous.accepted, verdict, evidence),
    lineage,
    replicaRunIds: rememberReplicas(previous.replicaRunIds, servers, master),
    replicaAt: rememberReplicaTimes(previous.replicaAt, servers),
    superseded: rememberSuperseded(evidence.superseded, evidence, master),
    trusted: rememberTrusted(evidence.trusted, servers),
    intent: isChange ? rememberIntent(intent, intent.endpoints, 'accepted') : intent,
    ...(candidacy && { candidacy }),
    ...(acceptedAt !== undefined && { acceptedAt }),
    ...rememberLossOfMaster(previous, master, latest),
  };
}

function rememberLossOfMaster(
  { lostBy, accepted }: Resolution,
  master: AnsweredServer | undefined,
  latest: Observation | undefined,
): { readonly lostBy?: Signal } {
  return accepted === undefined || master !== undefined || latest === undefined
    ? {}
    : { lostBy: lostBy ?? latest.signal };
}

interface Conclusion extends Step {
  readonly memory: Memory;
  readonly circumstances: Circumstances;
}

function concludeTopology(conclusion: Conclusion): Topology {
  const { previous, evidence, verdict, latest, memory, circumstances } = conclusion;
  const before = previous.topology;
  const server = masterServer(verdict);
  const at = latest && Math.round(latest.at + circumstances.epochMs);
  const lastFailover =
    detectFailover({ ...conclusion, epochMs: circumstances.epochMs }) ?? before.lastFailover;
  const loss = detectDataLoss({ previous, servers: evidence.servers, master: server, at });
  const lastDataLoss = loss ?? before.lastDataLoss;
  const decision = decide(conclusion);
  const unchanged = decision.kind === before.kind && server?.endpoint === masterOf(before);
  return {
    generation: generationOf(previous, server),
    nodes: describeServers({
      before: before.nodes,
      evidence,
      master: server,
      since: memory.acceptedAt,
      zones: circumstances.zones ?? new Map(),
    }),
    servers: evidence.knownServers,
    ...(lastFailover && { lastFailover }),
    ...describeUnproven(conclusion),
    ...(lastDataLoss && { lastDataLoss }),
    ...decision,
    cause: unchanged ? before.cause : ((previous.lostBy ?? latest?.signal)?.kind ?? before.cause),
    changedAt: unchanged ? before.changedAt : (at ?? before.changedAt),
  };
}

function decide(conclusion: Conclusion) {
  const { verdict, evidence } = conclusion;
  switch (verdict.kind) {
    case 'undecided':
      return { kind: 'unknown' } as const;
    case 'nobody':
      return { kind: 'masterless' } as const;
    case 'master':
      return { kind: 'steady', master: verdict.server.endpoint } as const;
    case 'contested':
      return {
        kind: 'contested',
        claimants: claimsIn(evidence)
          .map(({ endpoint }) => endpoint)
          .toSorted(),
        ...(verdict.keep ? { master: verdict.keep.endpoint } : describeSettling(conclusion)),
      } as const;
    default:
      return verdict satisfies never;
  }
}

/** The same moment in each topology of one candidacy, although the two clocks drift apart a little. */
function describeSettling({ memory, previous, circumstances }: Conclusion): { readonly settlesAt?: number } {
  const { undisputedSince } = memory.candidacy ?? {};
  const { acceptAfterMs, epochMs } = circumstances;
  if (undisputedSince === undefined || acceptAfterMs === Infinity) {
    return {};
  }
  const { topology, candidacy } = previous;
  const known =
    candidacy?.undisputedSince === undisputedSince && 'settlesAt' in topology && topology.settlesAt;
  return { settlesAt: known || Math.round(undisputedSince + acceptAfterMs + epochMs) };
}

/** Kept while the master is silent, so that it is the same one when it answers again. */
function describeUnproven({ memory, previous, latest, circumstances }: Conclusion): {
  readonly unproven?: Unproven;
} {
  if (memory.accepted?.proof !== 'unproven' || latest === undefined) {
    return {};
  }
  const before = previous.accepted?.endpoint;
  return {
    unproven: previous.topology.unproven ?? {
      since: Math.round(latest.at + circumstances.epochMs),
      ...(before !== undefined && before !== memory.accepted.endpoint && { before }),
    },
  };
}
