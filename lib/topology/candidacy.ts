import { claimsIn, hasMajority, isFollowerOf, standingOf, type Evidence, type Standing } from './claims.js';
import { isAnswered, type AnsweredServer, type Server } from './servers.js';

/** How long one claim has been agreed on, or the only one, without interruption. In milliseconds of a monotonic clock. */
export interface Candidacy {
  /** Identifies the server process: its run id or, where that is unknown, its endpoint. */
  readonly server: string;
  /** A proof against the claim interrupts its candidacy: what the nodes agreed on before the proof does not count. */
  readonly standing: Standing;
  /** Since when the majority of the known nodes agrees on it (M18). */
  readonly agreedSince?: number;
  /** Since when no node that can be reached says otherwise (M20). */
  readonly undisputedSince?: number;
}

/** Identifies the server process behind a claim. */
export function candidateId({ endpoint, report }: AnsweredServer): string {
  return report.runId ?? endpoint;
}

/** Goes on with the candidacy of before, or begins anew where it was interrupted or another server claims. */
export function trackCandidacy(
  before: Candidacy | undefined,
  evidence: Evidence,
  at: number,
): Candidacy | undefined {
  const open = claimsIn(evidence).filter((claim) => standingOf(claim, evidence) !== 'superseded');
  const agreed = open.find((claim) => hasMajority(claim, evidence));
  const candidate = agreed ?? (open.length === 1 ? open[0] : undefined);
  if (candidate === undefined) {
    return undefined;
  }
  const server = candidateId(candidate);
  const standing = standingOf(candidate, evidence);
  const past = before?.server === server && before.standing === standing ? before : undefined;
  const isUndisputed =
    open.length === 1 && evidence.servers.every((other) => !disputes(other, candidate, evidence));
  return {
    server,
    standing,
    ...(agreed !== undefined && { agreedSince: past?.agreedSince ?? at }),
    ...(isUndisputed && { undisputedSince: past?.undisputedSince ?? at }),
  };
}

/** A node that was not probed yet may dispute a claim, and a replica disputes it by another history than the claimant's. */
function disputes(other: Server, candidate: AnsweredServer, evidence: Evidence): boolean {
  if (!isAnswered(other)) {
    return other.observation.kind === 'pending';
  }
  if (other.report.role === 'master') {
    return other.endpoint !== candidate.endpoint && standingOf(other, evidence) !== 'superseded';
  }
  const [own, its] = [other.report.history?.id, candidate.report.history?.id];
  // M21: a claimant does not settle a dispute by answers that prove nothing.
  const isOpen = candidate.report.untrusted === true && !isFollowerOf(candidate, other);
  return own !== undefined && own !== its && (its !== undefined || isOpen);
}
