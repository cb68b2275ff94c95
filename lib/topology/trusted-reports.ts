import { formatEndpoint } from './endpoint.js';
import { descendsFrom, type Lineage } from './lineage.js';
import type { ServerRole } from './observation.js';
import { isAnswered, type AnsweredServer, type Server } from './servers.js';

/** M21: what the process at each endpoint reported of itself when it could be trusted last, or its replicas have told since. */
export type TrustedReports = ReadonlyMap<string, TrustedReport>;

interface TrustedReport {
  readonly runId: string | undefined;
  readonly role: ServerRole;
  readonly replicationId: string;
}

/** Endpoints that have left the list are forgotten, and so is a process in whose place another one answers. */
export function rememberTrusted(before: TrustedReports, servers: readonly Server[]): TrustedReports {
  return new Map(
    servers.flatMap((server) => {
      const report = isAnswered(server) ? reportOf(server, before) : before.get(server.endpoint);
      return report === undefined ? [] : [[server.endpoint, report] as const];
    }),
  );
}

function reportOf(server: AnsweredServer, before: TrustedReports): TrustedReport | undefined {
  const { runId, role, history, untrusted } = server.report;
  if (untrusted === true) {
    const last = ofProbablySameProcess(server, before);
    return history === undefined ? last : { runId: runId ?? last?.runId, role, replicationId: history.id };
  }
  if (runId === undefined || history === undefined) {
    // A busy server tells its role only.
    const last = before.get(server.endpoint);
    return last?.role === role && (runId === undefined || runId === last.runId) ? last : undefined;
  }
  return { runId, role, replicationId: history.id };
}

/**
 * M21: a master has the replication id that its replicas have while their link is up. Where none tells, a process that was a
 * master when it could be trusted, and is one now, has the id that it had. On a new connection nobody can tell whether it is
 * the same process; to believe so can only take the role from a master.
 */
export function withTrustedIds(servers: readonly Server[], trusted: TrustedReports): readonly Server[] {
  const answered = servers.filter(isAnswered);
  return servers.map((server) => {
    if (!isAnswered(server) || server.report.untrusted !== true || server.report.role !== 'master') {
      return server;
    }
    const last = ofProbablySameProcess(server, trusted);
    const id =
      toldByReplicas(server, answered, last) ?? (last?.role === 'master' ? last.replicationId : undefined);
    return id === undefined ? server : { ...server, report: { ...server.report, history: { id } } };
  });
}

/** Histories do not come back, so a replica that shows the last known one has not heard of the next yet. */
function toldByReplicas(
  master: AnsweredServer,
  others: readonly AnsweredServer[],
  last: TrustedReport | undefined,
): string | undefined {
  const told = others
    .filter((other) => isReplicaOf(master, other))
    .flatMap(({ report }) => report.history?.id ?? [])
    .filter((id) => id !== last?.replicationId);
  const [id, ...rest] = new Set(told);
  return rest.length > 0 ? undefined : id;
}

/** It names this master, and its link is up. */
export function isReplicaOf(master: AnsweredServer, { report }: AnsweredServer): boolean {
  const { role, link, follows } = report;
  const names = [master.endpoint, ...master.aliases];
  return (
    role === 'replica' && link === 'up' && follows !== undefined && names.includes(formatEndpoint(follows))
  );
}

/** M21: it replicated the history of the accepted master when it could be trusted, and is a master now: it was promoted. */
export function wasPromoted(
  claim: AnsweredServer,
  replicationId: string | undefined,
  { lineage, trusted }: { readonly lineage: Lineage; readonly trusted: TrustedReports },
): boolean {
  const last = ofSameProcess(claim, trusted);
  return (
    claim.report.untrusted === true &&
    last?.role === 'replica' &&
    replicationId !== undefined &&
    (last.replicationId === replicationId || descendsFrom(lineage, last.replicationId, replicationId))
  );
}

/** Also where the process cannot tell its run id any more. */
function ofProbablySameProcess(server: AnsweredServer, trusted: TrustedReports): TrustedReport | undefined {
  return server.report.runId === undefined ? trusted.get(server.endpoint) : ofSameProcess(server, trusted);
}

function ofSameProcess(
  { endpoint, report }: AnsweredServer,
  trusted: TrustedReports,
): TrustedReport | undefined {
  const last = trusted.get(endpoint);
  return last !== undefined && last.runId === report.runId ? last : undefined;
}
