import { candidateId } from './candidacy.js';
import {
  claimsIn,
  isConfirmed,
  isContinuedBy,
  isProvenOver,
  isSame,
  standingOf,
  type AcceptedMaster,
  type Evidence,
} from './claims.js';
import { descendsFrom } from './lineage.js';
import { isAnswered, type AnsweredServer } from './servers.js';
import type { Proof } from './topology.js';
import { wasPromoted } from './trusted-reports.js';

/** How an accepted master relates to the one accepted before it. */
export type Succession = 'first' | 'same' | 'restarted' | 'heir' | 'untraced' | 'settled';

export type Verdict =
  | { readonly kind: 'undecided' }
  | { readonly kind: 'nobody' }
  | ({ readonly kind: 'master'; readonly server: AnsweredServer } & Grounds)
  | ({ readonly kind: 'contested'; readonly keep?: AnsweredServer } & Grounds);

/** On what grounds a server was accepted. */
interface Grounds {
  readonly succession: Succession;
  readonly proof?: Proof;
}

/** How long a claim must last before time settles it, in milliseconds. */
export interface Patience {
  readonly at: number;
  /** M20; `Infinity`: never. */
  readonly acceptAfterMs: number;
}

/** M18: an agreement that is shorter may be a moment within a change. */
const AGREED_MS = 1000;

/**
 * Decides which node is the master. M2: roles and lineage decide, never offsets: a superseded master that still accepts
 * writes has the higher offset (measured on Redis 7, 8 and Valkey 9). `docs/who-is-master.md`
 * numbers the rules.
 */
export function judge(evidence: Evidence, patience: Patience): Verdict {
  const claims = claimsIn(evidence);
  const standing = claims.filter((claim) => standingOf(claim, evidence) === 'standing');
  return evidence.accepted === undefined
    ? judgeFirst({ claims, standing, evidence, patience })
    : judgeNext({ claims, standing, accepted: evidence.accepted, evidence, patience });
}

interface Case {
  readonly claims: readonly AnsweredServer[];
  /** The claims that no proof speaks against. */
  readonly standing: readonly AnsweredServer[];
  readonly evidence: Evidence;
  readonly patience: Patience;
}

/** M6: the first decision waits until every node was probed, because the first to answer may be a stale master. */
function judgeFirst(given: Case): Verdict {
  const { standing, evidence, claims } = given;
  const [first, second] = standing;
  if (evidence.servers.some(({ observation }) => observation.kind === 'pending')) {
    return { kind: 'undecided' };
  }
  if (first !== undefined && second === undefined) {
    // M7.
    return { kind: 'master', server: first, succession: 'first' };
  }
  // M15 where nobody claims.
  return (
    settle(given) ?? (claims.length === 0 ? { kind: 'nobody' } : { kind: 'contested', succession: 'first' })
  );
}

interface SucceedingCase extends Case {
  readonly accepted: AcceptedMaster;
}

function judgeNext(given: SucceedingCase): Verdict {
  const { claims, standing, accepted, evidence } = given;
  const unchanged = standing.filter((claim) => isSame(claim, accepted));
  const same = unchanged.find(({ endpoint }) => endpoint === accepted.endpoint) ?? unchanged[0];
  if (same !== undefined) {
    return accept(same, { succession: 'same', ...proveLater(same, given) }, given);
  }
  const heirs = findHeirs(given);
  const [heir] = heirs;
  if (heir !== undefined && heirs.length === 1) {
    const succession = traceSuccession(heir, accepted, evidence) ?? 'untraced';
    return accept(heir, { succession, ...(succession !== 'untraced' && { proof: 'history' }) }, given);
  }
  const settled = settle(given);
  if (settled !== undefined) {
    return settled;
  }
  // M15, M16.
  return claims.length === 0 || isPassing(claims, evidence)
    ? { kind: 'nobody' }
    : { kind: 'contested', succession: 'untraced' };
}

/** What was accepted without proof is proven once the replicas or the source agree. */
function proveLater(
  same: AnsweredServer,
  { accepted, evidence, patience }: SucceedingCase,
): Pick<Grounds, 'proof'> {
  if (accepted.proof !== 'unproven') {
    return {};
  }
  if (findAgreed([same], { evidence, patience }).length > 0) {
    return { proof: 'replicas' };
  }
  return evidence.intent.endpoints.has(same.endpoint) ? { proof: 'authority' } : {};
}

/** M15: all nodes answer and every claim is superseded: the heir is among them, but its last report is from before. */
function isPassing(claims: readonly AnsweredServer[], evidence: Evidence): boolean {
  return evidence.servers.every(isAnswered) && claims.every((claim) => isProvenOver(claim, evidence));
}

/** M14: contested if another claim stands that the history of `server` does not continue. */
function accept(server: AnsweredServer, grounds: Grounds, { claims, standing, evidence }: Case): Verdict {
  const id = server.report.history?.id;
  const isRival = (claim: AnsweredServer) =>
    standing.includes(claim) || (id !== undefined && claim.report.history?.id === id);
  const rivals = claims.filter(
    (claim) => claim !== server && isRival(claim) && !isContinuedBy(id, claim, evidence),
  );
  return rivals.length === 0
    ? { kind: 'master', server, ...grounds }
    : { kind: 'contested', keep: server, ...grounds };
}

/** M10: history outranks the address, so that a master that came back empty does not block its heir. */
function findHeirs({ standing, accepted, evidence }: SucceedingCase): readonly AnsweredServer[] {
  const traced = standing.filter((claim) => traceSuccession(claim, accepted, evidence) !== undefined);
  const proven = traced.filter((claim) => isContinuation(claim, accepted, evidence));
  return proven.length > 0 ? proven : traced;
}

/** M10, M11, M12 and M21: how a claim succeeds the accepted master, if it does. */
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
  if (hidesHistory(claim) && accepted.replicationId !== undefined) {
    return undefined;
  }
  return id === undefined || accepted.replicationId === undefined ? 'untraced' : undefined;
}

/** M21: to hide a history must not be better than to have one. */
function hidesHistory({ report }: AnsweredServer): boolean {
  return report.untrusted === true && report.history === undefined;
}

/** M10. */
function isContinuation(claim: AnsweredServer, accepted: AcceptedMaster, evidence: Evidence): boolean {
  const [id, before] = [claim.report.history?.id, accepted.replicationId];
  return (
    (id !== undefined && before !== undefined && descendsFrom(evidence.lineage, id, before)) ||
    wasPromoted(claim, before, evidence)
  );
}

/**
 * Settles what history leaves open: by the replicas, then by the authority, then by time. A claim with an heir that can
 * be reached is never brought back.
 */
function settle(given: Case): Verdict | undefined {
  const { claims, evidence } = given;
  const open = claims.filter((claim) => standingOf(claim, evidence) !== 'superseded');
  const attempts = [
    [findConfirmed(open, evidence), 'replicas'],
    [findAgreed(open, given), 'replicas'],
    [findIntended(open, evidence), 'authority'],
    [findUndisputed(open, given), 'unproven'],
  ] as const;
  for (const [[only, ...others], proof] of attempts) {
    if (only !== undefined && others.length === 0) {
      return accept(only, { succession: 'settled', proof }, given);
    }
  }
  return undefined;
}

/**
 * M13. A claim that was proven to be over, and one that hides whether it was (M21), also needs the accepted master to report
 * `replica`: otherwise one missed reply of the accepted master would send writes back to a stale one.
 */
function findConfirmed(open: readonly AnsweredServer[], evidence: Evidence): readonly AnsweredServer[] {
  const { accepted, servers } = evidence;
  const isDemoted = servers
    .filter(isAnswered)
    .some(({ endpoint, report }) => endpoint === accepted?.endpoint && report.role === 'replica');
  return open.filter(
    (claim) =>
      accepted !== undefined &&
      isConfirmed(claim, evidence) &&
      (isDemoted || (standingOf(claim, evidence) === 'standing' && !hidesHistory(claim))),
  );
}

/** M18. */
function findAgreed(
  open: readonly AnsweredServer[],
  { evidence, patience }: Pick<Case, 'evidence' | 'patience'>,
): readonly AnsweredServer[] {
  const { server, agreedSince = Infinity } = evidence.candidacy ?? {};
  return patience.at - agreedSince >= AGREED_MS ? open.filter((claim) => candidateId(claim) === server) : [];
}

/** M19: the source intends this node and the accepted one no more, and came to do so after the last decision. */
function findIntended(open: readonly AnsweredServer[], evidence: Evidence): readonly AnsweredServer[] {
  const { accepted, intent } = evidence;
  const { endpoints, outdated } = intent;
  if (accepted !== undefined && endpoints.has(accepted.endpoint)) {
    return [];
  }
  return open.filter(({ endpoint, aliases }) =>
    [endpoint, ...aliases].some((name) => endpoints.has(name) && !outdated.has(name)),
  );
}

/** M20. */
function findUndisputed(
  open: readonly AnsweredServer[],
  { evidence, patience }: Case,
): readonly AnsweredServer[] {
  const { server, undisputedSince = Infinity } = evidence.candidacy ?? {};
  return patience.at - undisputedSince >= patience.acceptAfterMs
    ? open.filter((claim) => candidateId(claim) === server)
    : [];
}
