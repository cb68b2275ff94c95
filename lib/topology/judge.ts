import { descendsFrom, type Lineage } from './lineage.js';
import { isAnswered, type AnsweredServer, type Server } from './servers.js';

/** The facts kept about the master that was accepted last. */
export interface AcceptedMaster {
  readonly endpoint: string;
  readonly runId?: string;
  readonly replicationId?: string;
  /** Highest observed offset, in bytes. */
  readonly offset?: number;
}

/** How an accepted master relates to the one accepted before it. */
export type Succession = 'first' | 'same' | 'restarted' | 'heir' | 'confirmed' | 'untraced';

export type Verdict =
  | { readonly kind: 'undecided' }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'master'; readonly server: AnsweredServer; readonly succession: Succession }
  | { readonly kind: 'contested'; readonly keep?: AnsweredServer; readonly succession: Succession };

/** Everything a decision depends on. */
export interface Evidence {
  readonly servers: readonly Server[];
  readonly lineage: Lineage;
  readonly accepted: AcceptedMaster | undefined;
  /** The run id with which each endpoint last reported `replica`: a promotion keeps it, a restart does not. */
  readonly replicaRunIds: ReadonlyMap<string, string>;
}

/**
 * Decides which node is the master. Roles and lineage decide, never offsets: a superseded master that still accepts
 * writes has the higher offset (measured on Redis 7, 8 and Valkey 9).
 */
export function judge(evidence: Evidence): Verdict {
  const claims = evidence.servers.filter(isAnswered).filter(({ report }) => report.role === 'master');
  const standing = claims.filter((claim) => !isSuperseded(claim, evidence));
  return evidence.accepted === undefined
    ? judgeFirst({ claims, standing, evidence })
    : judgeNext({ claims, standing, accepted: evidence.accepted, evidence });
}

/** Whether any reachable node proves that `claim` is superseded. */
export function isSuperseded(claim: AnsweredServer, evidence: Evidence): boolean {
  return evidence.servers.filter(isAnswered).some((other) => supersedes(other, claim, evidence));
}

/** Whether the history of `other` proves it: an heir of `claim`, or a replica of an heir that we cannot reach. */
function supersedes(other: AnsweredServer, claim: AnsweredServer, evidence: Evidence): boolean {
  const heir = other.report.history?.id;
  const old = claim.report.history?.id;
  if (heir === undefined || old === undefined || !descendsFrom(evidence.lineage, heir, old)) {
    return false;
  }
  if (other.report.role === 'replica') {
    // A full sync is about to replace the history of this replica, so that history proves nothing.
    return other.report.link !== 'syncing' && !isConfirmed(claim, evidence);
  }
  return !isUnpromoted(other, evidence) || isConfirmed(other, evidence);
}

/** The first decision waits until every node was probed, because the first to answer may be a stale master. */
function judgeFirst({ claims, standing, evidence }: Omit<Succeeding, 'accepted'>): Verdict {
  const [first, second] = standing;
  if (evidence.servers.some(({ observation }) => observation.kind === 'pending')) {
    return { kind: 'undecided' };
  }
  if (first === undefined) {
    return claims.length === 0 ? { kind: 'nobody' } : { kind: 'contested', succession: 'first' };
  }
  return second === undefined
    ? { kind: 'master', server: first, succession: 'first' }
    : { kind: 'contested', succession: 'first' };
}

interface Succeeding {
  /** Every server that reports the role `master`. */
  readonly claims: readonly AnsweredServer[];
  /** The claims that nothing supersedes. */
  readonly standing: readonly AnsweredServer[];
  readonly accepted: AcceptedMaster;
  readonly evidence: Evidence;
}

function judgeNext({ claims, standing, accepted, evidence }: Succeeding): Verdict {
  const fitting = standing.filter((claim) => !isOvertaken(claim, accepted, evidence));
  const unchanged = fitting.filter((claim) => isSame(claim, accepted));
  const same = unchanged.find(({ endpoint }) => endpoint === accepted.endpoint) ?? unchanged[0];
  if (same !== undefined) {
    return accept(same, 'same', { standing, evidence });
  }
  const heirs = findHeirs(fitting, accepted, evidence);
  const [heir] = heirs;
  if (heir !== undefined && heirs.length === 1) {
    const succession = traceSuccession(heir, accepted, evidence) ?? 'untraced';
    return accept(heir, succession, { standing, evidence });
  }
  const confirmed = findConfirmed(standing, accepted, evidence);
  const [only] = confirmed;
  if (only !== undefined && confirmed.length === 1) {
    return accept(only, 'confirmed', { standing, evidence });
  }
  return claims.length === 0 || isPassing(standing, evidence)
    ? { kind: 'nobody' }
    : { kind: 'contested', succession: 'untraced' };
}

/** All nodes answer and every claim is superseded: the heir is among them, but its last report is from before. */
function isPassing(standing: readonly AnsweredServer[], { servers }: Evidence): boolean {
  return standing.length === 0 && servers.every(isAnswered);
}

/** Contested if another claim stands that the history of `server` does not continue. */
function accept(
  server: AnsweredServer,
  succession: Succession,
  { standing, evidence }: Pick<Succeeding, 'standing' | 'evidence'>,
): Verdict {
  const others = standing.filter(
    (claim) => claim !== server && !isContinuedBy(server.report.history?.id, claim, evidence),
  );
  return others.length === 0
    ? { kind: 'master', server, succession }
    : { kind: 'contested', keep: server, succession };
}

/** History outranks the address, so that a master that came back empty does not block its heir. */
function findHeirs(
  fitting: readonly AnsweredServer[],
  accepted: AcceptedMaster,
  evidence: Evidence,
): readonly AnsweredServer[] {
  const traced = fitting.filter((claim) => traceSuccession(claim, accepted, evidence) !== undefined);
  const proven = traced.filter((claim) => isContinuation(claim, accepted, evidence));
  return proven.length > 0 ? proven : traced;
}

/**
 * History does not support these claims, so only the majority of the replicas can settle them. A claim that the accepted
 * master has superseded also needs that master to report `replica`: otherwise one missed reply of the accepted master
 * would send writes back to a stale one.
 */
function findConfirmed(
  standing: readonly AnsweredServer[],
  accepted: AcceptedMaster,
  evidence: Evidence,
): readonly AnsweredServer[] {
  const isDemoted = evidence.servers
    .filter(isAnswered)
    .some(({ endpoint, report }) => endpoint === accepted.endpoint && report.role === 'replica');
  return standing.filter(
    (claim) => isConfirmed(claim, evidence) && (isDemoted || !isOvertaken(claim, accepted, evidence)),
  );
}

function traceSuccession(
  claim: AnsweredServer,
  accepted: AcceptedMaster,
  evidence: Evidence,
): Succession | undefined {
  const id = claim.report.history?.id;
  if (isContinuation(claim, accepted, evidence)) {
    return claim.endpoint === accepted.endpoint ? 'restarted' : 'heir';
  }
  if (claim.endpoint === accepted.endpoint) {
    return 'restarted';
  }
  return id === undefined || accepted.replicationId === undefined ? 'untraced' : undefined;
}

function isContinuation(claim: AnsweredServer, accepted: AcceptedMaster, { lineage }: Evidence): boolean {
  const id = claim.report.history?.id;
  return (
    id !== undefined &&
    accepted.replicationId !== undefined &&
    descendsFrom(lineage, id, accepted.replicationId)
  );
}

function isSame(claim: AnsweredServer, accepted: AcceptedMaster): boolean {
  const { runId, history } = claim.report;
  if (runId !== undefined && accepted.runId !== undefined) {
    return runId === accepted.runId;
  }
  return (
    claim.endpoint === accepted.endpoint || (history !== undefined && history.id === accepted.replicationId)
  );
}

/** The accepted master's history continues this claim's, so the claim was superseded even if it is back. */
function isOvertaken(claim: AnsweredServer, accepted: AcceptedMaster, evidence: Evidence): boolean {
  return !isSame(claim, accepted) && isContinuedBy(accepted.replicationId, claim, evidence);
}

function isContinuedBy(heir: string | undefined, { report }: AnsweredServer, { lineage }: Evidence): boolean {
  const id = report.history?.id;
  return heir !== undefined && id !== undefined && descendsFrom(lineage, heir, id);
}

/** A replica that restarts as a master has the old id as its previous one too, although it was not promoted. */
function isUnpromoted({ endpoint, report }: AnsweredServer, { replicaRunIds }: Evidence): boolean {
  const before = replicaRunIds.get(endpoint);
  return before !== undefined && report.runId !== undefined && before !== report.runId;
}

/** The majority of the answering replicas replicate from it. */
function isConfirmed(claim: AnsweredServer, { servers }: Evidence): boolean {
  const replicas = servers.filter(isAnswered).filter(({ report }) => report.role === 'replica');
  const followers = replicas.filter(
    ({ report }) =>
      report.link === 'up' && report.history !== undefined && report.history.id === claim.report.history?.id,
  );
  return followers.length * 2 > replicas.length;
}
