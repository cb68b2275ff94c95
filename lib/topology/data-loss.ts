import type { AcceptedMaster } from './claims.js';
import type { NodeReport } from './observation.js';
import { isAnswered, type AnsweredServer, type Server } from './servers.js';
import type { DataLoss, Topology, TopologyNode } from './topology.js';

interface Change {
  readonly previous: { readonly accepted?: AcceptedMaster; readonly topology: Topology };
  readonly servers: readonly Server[];
  readonly master: AnsweredServer | undefined;
  /** When the latest observation was made, in milliseconds since the epoch. */
  readonly at: number | undefined;
}

/**
 * A loss that offsets or an empty restart prove, or the last loss if it has grown. Replication is asynchronous, so a
 * loss that no observed offset covers stays unknown.
 */
export function detectDataLoss({ previous, servers, master, at }: Change): DataLoss | undefined {
  if (master === undefined || at === undefined) {
    return undefined;
  }
  const { accepted, topology } = previous;
  const newLoss = accepted && lossOfChange(accepted, master);
  const before = isCurrent(topology, master) ? topology.lastDataLoss : undefined;
  const { kind = 'not replicated', bytes: known = 0, keys } = newLoss ?? before ?? {};
  const bytes = Math.max(known, bytesOnStaleMasters(servers, master));
  if (newLoss === undefined && bytes === known) {
    return undefined;
  }
  const since = newLoss === undefined ? before?.at : undefined;
  return { kind, endpoint: master.endpoint, bytes, at: since ?? at, ...(keys !== undefined && { keys }) };
}

/** How many bytes a superseded master accepted after the point where its heir's history branches off. */
export function bytesLost(stale: Pick<NodeReport, 'history' | 'offset'>, heir: NodeReport): number {
  const branch = heir.history?.previous;
  return branch !== undefined && branch.id === stale.history?.id && stale.offset !== undefined
    ? Math.max(0, stale.offset - (branch.from - 1))
    : 0;
}

/** How many bytes the node is known to have accepted that the master does not have. */
export function lossOf(node: TopologyNode | undefined): number | undefined {
  return node === undefined || node.kind === 'pending' ? undefined : node.lostBytes;
}

function lossOfChange(
  accepted: AcceptedMaster,
  { endpoint, report }: AnsweredServer,
): Omit<DataLoss, 'endpoint' | 'at'> | undefined {
  const { replicationId, offset = 0, runId } = accepted;
  const { history } = report;
  const isOther = history !== undefined && replicationId !== undefined && history.id !== replicationId;
  if (!isOther || report.runId === runId) {
    return undefined;
  }
  const isRestart = endpoint === accepted.endpoint;
  const isContinued = history.previous?.id === replicationId;
  // A new replication id proves nothing: a master that restarts from an append-only file has one, and all its data.
  // Where the history is continued, it tells exactly what is missing, also if that is every key.
  if (!isContinued && report.keys === 0 && accepted.keys !== undefined && accepted.keys > 0) {
    const kind = isRestart ? 'restarted empty' : 'replaced by empty';
    return { kind, bytes: offset, keys: accepted.keys };
  }
  const bytes = bytesLost({ history: { id: replicationId }, offset }, report);
  return bytes > 0 ? { kind: isRestart ? 'restarted behind' : 'not replicated', bytes } : undefined;
}

function bytesOnStaleMasters(servers: readonly Server[], master: AnsweredServer): number {
  const stale = servers
    .filter(isAnswered)
    .filter(({ endpoint, report }) => report.role === 'master' && endpoint !== master.endpoint);
  return Math.max(0, ...stale.map(({ report }) => bytesLost(report, master.report)));
}

/** Whether the last loss belongs to the change to this master. */
function isCurrent({ lastDataLoss, lastFailover }: Topology, { endpoint }: AnsweredServer): boolean {
  return lastDataLoss?.endpoint === endpoint && lastDataLoss.at >= (lastFailover?.at ?? 0);
}
