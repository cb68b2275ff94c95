import type { Candidacy } from './candidacy.js';
import { descendsFrom, type Lineage } from './lineage.js';
import { isAnswered, type AnsweredServer, type Server } from './servers.js';
import type { Proof } from './topology.js';
import { isReplicaOf, type TrustedReports } from './trusted-reports.js';

/** The facts kept about the master that was accepted last. */
export interface AcceptedMaster {
  readonly endpoint: string;
  readonly runId?: string;
  readonly replicationId?: string;
  /** Highest observed offset, in bytes. */
  readonly offset?: number;
  /** How many keys it had when it was probed last, in all databases. */
  readonly keys?: number;
  /** Absent for the first master, and where the user may not read histories. */
  readonly proof?: Proof;
  /** Histories of heirs out of reach that did not keep it from being accepted: a replica on one of them is no news. */
  readonly outranks?: ReadonlySet<string>;
}

/** Everything a decision depends on. */
export interface Evidence {
  readonly servers: readonly Server[];
  /** How many servers a majority is counted among. */
  readonly knownServers: number;
  readonly lineage: Lineage;
  readonly accepted: AcceptedMaster | undefined;
  /** The run id with which each endpoint last reported `replica`: a promotion keeps it, a restart does not. */
  readonly replicaRunIds: ReadonlyMap<string, string>;
  /** Histories that were proven superseded. A proof outlives the node that gave it (M8). */
  readonly superseded: ReadonlySet<string>;
  /** How long one claim has been agreed on, or the only one. */
  readonly candidacy: Candidacy | undefined;
  readonly intent: Intent;
  readonly trusted: TrustedReports;
}

/** What the source of nodes knows of the intended master. */
export interface Intent {
  readonly endpoints: ReadonlySet<string>;
  /** Those that were intended already when the accepted master was accepted: no news, but a name that lags behind. */
  readonly outdated: ReadonlySet<string>;
}

export const noIntent: Intent = { endpoints: new Set(), outdated: new Set() };

/** Every server that reports the role `master`. */
export function claimsIn({ servers }: Pick<Evidence, 'servers'>): readonly AnsweredServer[] {
  return servers.filter(isAnswered).filter(({ report }) => report.role === 'master');
}

/**
 * - `superseded`: an heir that can be reached proves that the claim is over. Nothing brings it back while the heir is there.
 * - `outdated`: it was proven to be over, but the heir is out of reach.
 * - `standing`: no proof speaks against it.
 */
export type Standing = 'superseded' | 'outdated' | 'standing';

export function standingOf(claim: AnsweredServer, evidence: Evidence): Standing {
  const answered = evidence.servers.filter(isAnswered);
  if (answered.some((other) => isHeir(other, claim, evidence))) {
    return 'superseded';
  }
  const id = claim.report.history?.id;
  const isRemembered = id !== undefined && evidence.superseded.has(id);
  return isRemembered ||
    isOvertaken(claim, evidence) ||
    answered.some((other) => isWitness(other, claim, evidence))
    ? 'outdated'
    : 'standing';
}

/** Whether a node that answers now proves the claim to be over: its heir, or a replica of an heir out of reach. */
export function isProvenOver(claim: AnsweredServer, evidence: Evidence): boolean {
  return evidence.servers
    .filter(isAnswered)
    .some((other) => isHeir(other, claim, evidence) || isWitness(other, claim, evidence));
}

/** M3: the history of `other`, which claims too, continues that of `claim`. */
function isHeir(other: AnsweredServer, claim: AnsweredServer, evidence: Evidence): boolean {
  return (
    other.report.role === 'master' &&
    isContinuedBy(other.report.history?.id, claim, evidence) &&
    (!isUnpromoted(other, evidence) || isConfirmed(other, evidence))
  );
}

/** M4: `other` is a replica on a history that continues that of `claim`. */
function isWitness({ report }: AnsweredServer, claim: AnsweredServer, evidence: Evidence): boolean {
  const heir = report.history?.id;
  // A full sync is about to replace the history of a replica, so that history proves nothing.
  if (report.role === 'master' || report.link === 'syncing' || !isContinuedBy(heir, claim, evidence)) {
    return false;
  }
  const { accepted } = evidence;
  const isKnown = heir !== undefined && accepted?.outranks?.has(heir) === true && isSame(claim, accepted);
  return !isKnown && !isConfirmed(claim, evidence);
}

/** M5: a replica that restarts as a master has the old id as its previous one too, although it was not promoted. */
function isUnpromoted({ endpoint, report }: AnsweredServer, { replicaRunIds }: Evidence): boolean {
  const before = replicaRunIds.get(endpoint);
  return before !== undefined && report.runId !== undefined && before !== report.runId;
}

/** M8: the accepted master's history continues this claim's. */
export function isOvertaken(claim: AnsweredServer, { accepted, lineage }: Evidence): boolean {
  return (
    accepted !== undefined &&
    !isSame(claim, accepted) &&
    isContinuedBy(accepted.replicationId, claim, { lineage })
  );
}

/** M9: the claim is made by the process that was accepted. */
export function isSame(claim: AnsweredServer, accepted: AcceptedMaster): boolean {
  const { runId, history } = claim.report;
  if (runId !== undefined && accepted.runId !== undefined) {
    return runId === accepted.runId;
  }
  return (
    claim.endpoint === accepted.endpoint || (history !== undefined && history.id === accepted.replicationId)
  );
}

export function isContinuedBy(
  heir: string | undefined,
  { report }: AnsweredServer,
  { lineage }: Pick<Evidence, 'lineage'>,
): boolean {
  const id = report.history?.id;
  return heir !== undefined && id !== undefined && descendsFrom(lineage, heir, id);
}

/** M13: the majority of the replicas that answer replicate from it. */
export function isConfirmed(claim: AnsweredServer, { servers }: Pick<Evidence, 'servers'>): boolean {
  const replicas = servers.filter(isAnswered).filter(({ report }) => report.role === 'replica');
  return replicas.filter((replica) => isFollowerOf(claim, replica)).length * 2 > replicas.length;
}

/** M18: the majority of all known nodes, those out of reach included, is the claimant or replicates from it. */
export function hasMajority(
  claim: AnsweredServer,
  { servers, knownServers }: Pick<Evidence, 'servers' | 'knownServers'>,
): boolean {
  const followers = servers.filter(isAnswered).filter((server) => isFollowerOf(claim, server));
  return (1 + followers.length) * 2 > knownServers && followers.length > 0;
}

/** M21: where the claimant cannot show its id, the word of a replica that can be trusted has to do. */
export function isFollowerOf(claim: AnsweredServer, replica: AnsweredServer): boolean {
  const { report } = replica;
  if (report.role !== 'replica' || report.link !== 'up' || report.history === undefined) {
    return false;
  }
  return claim.report.untrusted === true && claim.report.history === undefined
    ? isReplicaOf(claim, replica)
    : report.history.id === claim.report.history?.id;
}
