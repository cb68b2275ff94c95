import { descendsFrom, type Lineage } from './lineage.js';
import type { ServerRole } from './observation.js';
import { isAnswered, type AnsweredServer, type Server } from './servers.js';

/** M21: what the process at each endpoint reported of itself when it could be trusted last. */
export type TrustedReports = ReadonlyMap<string, TrustedReport>;

interface TrustedReport {
  readonly runId: string;
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
    return ofProbablySameProcess(server, before);
  }
  return runId === undefined || history === undefined
    ? undefined
    : { runId, role, replicationId: history.id };
}

/**
 * M21: a process that was a master when it could be trusted, and is one now, has the replication id that it had. On a new
 * connection nobody can tell whether it is the same process; to believe so can only take the role from a master.
 */
export function withTrustedIds(servers: readonly Server[], trusted: TrustedReports): readonly Server[] {
  return servers.map((server) => {
    const last = isAnswered(server) ? ofProbablySameProcess(server, trusted) : undefined;
    const isStill = isAnswered(server) && server.report.role === 'master' && last?.role === 'master';
    return isStill && server.report.untrusted === true
      ? { ...server, report: { ...server.report, history: { id: last.replicationId } } }
      : server;
  });
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
