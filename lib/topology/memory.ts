import { claimsIn, standingOf, type AcceptedMaster, type Evidence, type Intent } from './claims.js';
import type { Verdict } from './judge.js';
import { descendantsOf, descendsFrom, type Lineage } from './lineage.js';
import { isAnswered, type AnsweredServer, type Server } from './servers.js';
import type { Proof } from './topology.js';

/** The master of a verdict, also where another claim contests it. */
export function masterServer(verdict: Verdict): AnsweredServer | undefined {
  switch (verdict.kind) {
    case 'master':
      return verdict.server;
    case 'contested':
      return verdict.keep;
    default:
      return undefined;
  }
}

/** What stays known of the accepted master when it does not answer. */
export function rememberAccepted(
  accepted: AcceptedMaster | undefined,
  verdict: Verdict,
  evidence: Evidence,
): { readonly accepted?: AcceptedMaster } {
  const server = masterServer(verdict);
  if (server === undefined) {
    return accepted === undefined ? {} : { accepted };
  }
  const before = server.endpoint === accepted?.endpoint ? accepted : undefined;
  // A busy server may report its role only; earlier facts about it still hold.
  const { runId = before?.runId, history, offset } = server.report;
  const replicationId = history?.id ?? before?.replicationId;
  const isContinued = replicationId === before?.replicationId;
  const highest = Math.max(offset ?? 0, (isContinued ? before?.offset : undefined) ?? 0);
  const keys = server.report.keys ?? (isContinued ? before?.keys : undefined);
  const proof = proofOf(verdict) ?? before?.proof;
  const outranks = outrankedBy(replicationId, verdict, evidence.lineage) ?? (isContinued && before?.outranks);
  return {
    accepted: {
      endpoint: server.endpoint,
      ...(runId !== undefined && { runId }),
      ...(replicationId !== undefined && { replicationId }),
      offset: highest,
      ...(keys !== undefined && { keys }),
      ...(proof !== undefined && { proof }),
      ...(outranks && { outranks }),
    },
  };
}

function proofOf(verdict: Verdict): Proof | undefined {
  return 'proof' in verdict ? verdict.proof : undefined;
}

function outrankedBy(
  replicationId: string | undefined,
  verdict: Verdict,
  lineage: Lineage,
): ReadonlySet<string> | undefined {
  const isSettled = 'succession' in verdict && verdict.succession === 'settled';
  const heirs = isSettled && replicationId !== undefined ? descendantsOf(lineage, replicationId) : undefined;
  return heirs !== undefined && heirs.size > 0 ? heirs : undefined;
}

/** More than any group promotes within the life of an app that does not see it all. */
const MAX_SUPERSEDED = 256;

/** M8: proofs that a history is over. Accepting a master on that history disproves it. */
export function rememberSuperseded(
  before: ReadonlySet<string>,
  evidence: Evidence,
  master: AnsweredServer | undefined,
): ReadonlySet<string> {
  const accepted = master?.report.history?.id;
  const news = claimsIn(evidence)
    .filter((claim) => claim !== master && standingOf(claim, evidence) !== 'standing')
    .flatMap(({ report }) => report.history?.id ?? [])
    .concat(historyLostUnseen(evidence) ?? [], historyLeft(evidence, master) ?? [])
    .filter((id) => id !== accepted && !before.has(id));
  const isDisproved = accepted !== undefined && before.has(accepted);
  if (news.length === 0 && !isDisproved) {
    return before;
  }
  return new Set([...before, ...news].filter((id) => id !== accepted).slice(-MAX_SUPERSEDED));
}

/** M21: what was accepted without an id is disproved by it as soon as the id can be trusted. */
export function withoutAccepted(
  superseded: ReadonlySet<string>,
  { accepted, servers }: Pick<Evidence, 'accepted' | 'servers'>,
): ReadonlySet<string> {
  const master = servers.filter(isAnswered).find(({ endpoint }) => endpoint === accepted?.endpoint);
  const id = master?.report.role === 'master' ? master.report.history?.id : undefined;
  const isBelated = accepted?.replicationId === undefined && id !== undefined && superseded.has(id);
  return isBelated ? new Set([...superseded].filter((each) => each !== id)) : superseded;
}

/** When each endpoint reported `replica` last, in milliseconds of the monotonic clock. */
export function rememberReplicaTimes(
  before: ReadonlyMap<string, number>,
  servers: readonly Server[],
): ReadonlyMap<string, number> {
  return new Map(
    servers.flatMap((server) => {
      const isReplica = isAnswered(server) && server.report.role === 'replica';
      const at = isReplica ? server.observation.at : before.get(server.endpoint);
      return at === undefined ? [] : [[server.endpoint, at] as const];
    }),
  );
}

/** The accepted master may hang while a replica shows that it is over, and thaw when that replica is out of reach. */
function historyLostUnseen({ accepted, servers, lineage }: Evidence): string | undefined {
  const id = accepted?.replicationId;
  const replicas = servers
    .filter(isAnswered)
    .filter(({ report }) => report.role === 'replica' && report.link !== 'syncing');
  const followers = replicas.filter(({ report }) => report.link === 'up' && report.history?.id === id);
  const isOver = replicas.some(
    ({ report }) =>
      report.history !== undefined && id !== undefined && descendsFrom(lineage, report.history.id, id),
  );
  return isOver && followers.length * 2 <= replicas.length ? id : undefined;
}

/** M21: a master that was accepted without an id leaves no other trace of what it supersedes. */
function historyLeft({ accepted }: Evidence, master: AnsweredServer | undefined): string | undefined {
  const isOther = master !== undefined && master.endpoint !== accepted?.endpoint;
  return isOther && master.report.untrusted === true ? accepted?.replicationId : undefined;
}

export function rememberReplicas(
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

/** M19: intentions that are older than the accepted master. One that ends and comes back is news. */
export function rememberIntent(
  { outdated }: Intent,
  endpoints: ReadonlySet<string>,
  change: 'accepted' | 'none',
): Intent {
  return { endpoints, outdated: change === 'accepted' ? endpoints : intersection(outdated, endpoints) };
}

function intersection(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...a].filter((each) => b.has(each)));
}
