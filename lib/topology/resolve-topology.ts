import { detectDataLoss } from './data-loss.js';
import { judge, type AcceptedMaster, type Evidence, type Verdict } from './judge.js';
import { emptyLineage, learnLineage, type Lineage } from './lineage.js';
import type { Observation } from './observation.js';
import { groupServers, isAnswered, newestOf, type AnsweredServer, type Server } from './servers.js';
import type { Signal } from './signal.js';
import { describeServers } from './topology-nodes.js';
import { masterOf, type Failover, type Topology } from './topology.js';

/** The topology, and the memory needed to judge the next observations. */
export interface Resolution {
  readonly topology: Topology;
  readonly accepted?: AcceptedMaster;
  readonly lineage: Lineage;
  readonly replicaRunIds: ReadonlyMap<string, string>;
  /** The signal that led to the first probe in which the accepted master was no longer the master. */
  readonly lostBy?: Signal;
}

export function initialResolution(at: number): Resolution {
  return {
    topology: { kind: 'unknown', generation: 0, cause: 'start', changedAt: at, nodes: [] },
    lineage: emptyLineage,
    replicaRunIds: new Map(),
  };
}

/**
 * Derives the topology from the latest observation of every node. Pure: the order of the observations does not matter,
 * and applying the same ones twice changes nothing.
 */
export function resolveTopology(previous: Resolution, observations: readonly Observation[]): Resolution {
  const { accepted, replicaRunIds } = previous;
  const servers = groupServers(observations, accepted?.endpoint);
  const histories = servers.filter(isAnswered).flatMap(({ report }) => report.history ?? []);
  const lineage = learnLineage(previous.lineage, histories);
  const verdict = judge({ servers, lineage, accepted, replicaRunIds });
  const master = masterServer(verdict);
  const latest = newestOf(observations);
  const memory = {
    ...remember(accepted, master),
    lineage,
    replicaRunIds: rememberReplicas(replicaRunIds, servers, master),
    ...rememberLoss(previous, verdict, latest),
  };
  // Servers are named as in the next resolution, so that the same observations twice change nothing.
  const named = groupServers(observations, memory.accepted?.endpoint);
  const evidence: Evidence = { ...memory, accepted: memory.accepted, servers: named };
  return { topology: concludeTopology({ previous, evidence, verdict, latest }), ...memory };
}

interface Conclusion {
  readonly previous: Resolution;
  readonly evidence: Evidence;
  readonly verdict: Verdict;
  readonly latest: Observation | undefined;
}

function concludeTopology({ previous, evidence, verdict, latest }: Conclusion): Topology {
  const before = previous.topology;
  const server = masterServer(verdict);
  const failover = detectFailover({ previous, verdict, latest, evidence });
  const lastFailover = failover ?? before.lastFailover;
  const loss = detectDataLoss({ previous, servers: evidence.servers, master: server, at: latest?.at });
  const lastDataLoss = loss ?? before.lastDataLoss;
  const facts = {
    generation: generationOf(previous, server),
    nodes: describeServers({ evidence, master: server, since: lastFailover?.at }),
    ...(lastFailover && { lastFailover }),
    ...(lastDataLoss && { lastDataLoss }),
  };
  const decision = decide(verdict, evidence);
  const unchanged = decision.kind === before.kind && server?.endpoint === masterOf(before);
  return {
    ...facts,
    ...decision,
    cause: unchanged ? before.cause : ((previous.lostBy ?? latest?.signal)?.kind ?? before.cause),
    changedAt: unchanged ? before.changedAt : (latest?.at ?? before.changedAt),
  };
}

function decide(verdict: Verdict, { servers }: Evidence) {
  switch (verdict.kind) {
    case 'undecided':
      return { kind: 'unknown' } as const;
    case 'nobody':
      return { kind: 'masterless' } as const;
    case 'master':
      return { kind: 'steady', master: verdict.server.endpoint } as const;
    case 'contested': {
      const claims = servers.filter(isAnswered).filter(({ report }) => report.role === 'master');
      const claimants = claims.map(({ endpoint }) => endpoint).toSorted();
      return {
        kind: 'contested',
        claimants,
        ...(verdict.keep && { master: verdict.keep.endpoint }),
      } as const;
    }
    default:
      return verdict satisfies never;
  }
}

function generationOf({ accepted, topology }: Resolution, server: AnsweredServer | undefined): number {
  return server === undefined || server.endpoint === accepted?.endpoint
    ? topology.generation
    : topology.generation + 1;
}

function detectFailover({ previous, verdict, latest }: Conclusion): Failover | undefined {
  const server = masterServer(verdict);
  const from = previous.accepted?.endpoint;
  if (server === undefined || from === undefined || server.endpoint === from || latest === undefined) {
    return undefined;
  }
  const signal = previous.lostBy ?? latest.signal;
  return {
    generation: previous.topology.generation + 1,
    from,
    to: server.endpoint,
    at: latest.at,
    tookMs: Math.max(0, latest.at - signal.at),
    cause: signal.kind,
  };
}

function remember(
  accepted: AcceptedMaster | undefined,
  server: AnsweredServer | undefined,
): { readonly accepted?: AcceptedMaster } {
  if (server === undefined) {
    return accepted === undefined ? {} : { accepted };
  }
  const before = server.endpoint === accepted?.endpoint ? accepted : undefined;
  // A busy server may report its role only; earlier facts about it still hold.
  const { runId = before?.runId, history, offset } = server.report;
  const replicationId = history?.id ?? before?.replicationId;
  const isContinued = replicationId === before?.replicationId;
  const highest = Math.max(offset ?? 0, (isContinued ? before?.offset : undefined) ?? 0);
  return {
    accepted: {
      endpoint: server.endpoint,
      ...(runId !== undefined && { runId }),
      ...(replicationId !== undefined && { replicationId }),
      offset: highest,
    },
  };
}

function rememberReplicas(
  before: ReadonlyMap<string, string>,
  servers: readonly Server[],
  master: AnsweredServer | undefined,
): ReadonlyMap<string, string> {
  // The accepted master is left out because it stays the master after a restart.
  const others = servers.filter(({ endpoint }) => endpoint !== master?.endpoint);
  return new Map(
    others.flatMap((server) => {
      const runId =
        isAnswered(server) && server.report.role === 'replica'
          ? server.report.runId
          : before.get(server.endpoint);
      return runId === undefined ? [] : [[server.endpoint, runId] as const];
    }),
  );
}

function rememberLoss(
  { lostBy, accepted }: Resolution,
  verdict: Verdict,
  latest: Observation | undefined,
): { readonly lostBy?: Signal } {
  if (accepted === undefined || masterServer(verdict) !== undefined || latest === undefined) {
    return {};
  }
  return { lostBy: lostBy ?? latest.signal };
}

function masterServer(verdict: Verdict): AnsweredServer | undefined {
  switch (verdict.kind) {
    case 'master':
      return verdict.server;
    case 'contested':
      return verdict.keep;
    default:
      return undefined;
  }
}
