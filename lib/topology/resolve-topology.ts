import { judge, type AcceptedMaster, type Evidence, type Verdict } from './judge.js';
import { emptyLineage, learnLineage, type Lineage } from './lineage.js';
import type { Observation } from './observation.js';
import { groupServers, isAnswered, type AnsweredServer, type Server } from './servers.js';
import type { Signal } from './signal.js';
import { describeServers } from './topology-nodes.js';
import { masterOf, type DataLoss, type Failover, type Topology } from './topology.js';

/** The topology, and what must be remembered to judge the next observations. */
export interface Resolution {
  readonly topology: Topology;
  readonly accepted?: AcceptedMaster;
  readonly lineage: Lineage;
  readonly replicaRunIds: ReadonlyMap<string, string>;
  /** The signal that led to the first look at which the accepted master was no longer master. */
  readonly lostBy?: Signal;
}

/** Nothing is known yet. */
export function initialResolution(at: number): Resolution {
  return {
    topology: { kind: 'unknown', generation: 0, cause: 'start', changedAt: at, nodes: [] },
    lineage: emptyLineage,
    replicaRunIds: new Map(),
  };
}

/**
 * What follows from the latest observation of every node. Pure: the order of the observations does not matter,
 * and the same ones twice change nothing.
 */
export function resolveTopology(previous: Resolution, observations: readonly Observation[]): Resolution {
  const servers = groupServers(observations, previous.accepted?.endpoint);
  const answered = servers.filter(isAnswered);
  const lineage = learnLineage(
    previous.lineage,
    answered.flatMap(({ report }) => report.history ?? []),
  );
  const evidence: Evidence = { ...previous, accepted: previous.accepted, servers, lineage };
  const verdict = judge(evidence);
  const latest = newest(observations);
  return {
    topology: concludeTopology({ previous, evidence, verdict, latest }),
    ...remember(previous.accepted, masterServer(verdict)),
    lineage,
    replicaRunIds: rememberReplicas(previous.replicaRunIds, servers),
    ...rememberLoss(previous, verdict, latest),
  };
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
  const loss = detectDataLoss({ previous, verdict, latest, evidence });
  const lastFailover = failover ?? before.lastFailover;
  const lastDataLoss = loss ?? before.lastDataLoss;
  const facts = {
    generation: generationOf(previous, server),
    nodes: describeServers(evidence, server),
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
  const sign = previous.lostBy ?? latest.signal;
  return {
    generation: previous.topology.generation + 1,
    from,
    to: server.endpoint,
    at: latest.at,
    tookMs: Math.max(0, latest.at - sign.at),
    cause: sign.kind,
  };
}

/** Loss that offsets or an empty restart prove; what an asynchronous replica lost unseen cannot be known. */
function detectDataLoss({ previous, verdict, latest }: Conclusion): DataLoss | undefined {
  const { accepted } = previous;
  const server = masterServer(verdict);
  if (server === undefined || accepted?.replicationId === undefined || latest === undefined) {
    return undefined;
  }
  const { history, runId } = server.report;
  if (history === undefined || history.id === accepted.replicationId || runId === accepted.runId) {
    return undefined;
  }
  const base = { endpoint: server.endpoint, at: latest.at };
  if (history.previous?.id === accepted.replicationId) {
    const bytes = (accepted.offset ?? 0) - (history.previous.from - 1);
    return bytes > 0 ? { ...base, kind: 'not replicated', bytes } : undefined;
  }
  const cameBackEmpty = server.endpoint === accepted.endpoint && history.previous === undefined;
  return cameBackEmpty ? { ...base, kind: 'restarted empty', bytes: accepted.offset ?? 0 } : undefined;
}

function remember(
  accepted: AcceptedMaster | undefined,
  server: AnsweredServer | undefined,
): { readonly accepted?: AcceptedMaster } {
  if (server === undefined) {
    return accepted === undefined ? {} : { accepted };
  }
  const { runId = accepted?.runId, history, offset } = server.report;
  const continued = server.endpoint === accepted?.endpoint && history?.id === accepted.replicationId;
  const highest = Math.max(offset ?? 0, (continued ? accepted?.offset : undefined) ?? 0);
  const replicationId = history?.id ?? accepted?.replicationId;
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
): ReadonlyMap<string, string> {
  return new Map(
    servers.flatMap((server) => {
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
  if (accepted === undefined || verdict.kind === 'master' || latest === undefined) {
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

function newest(observations: readonly Observation[]): Observation | undefined {
  return observations.reduce<Observation | undefined>(
    (best, each) => (best === undefined || each.at > best.at ? each : best),
    undefined,
  );
}
