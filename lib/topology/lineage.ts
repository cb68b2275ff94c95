/**
 * A server's replication history: the id of its replication stream, and the id that the stream had before the last
 * promotion (`master_replid`, `master_replid2`, `second_repl_offset` of `INFO replication`).
 *
 * @publicApi
 */
export interface ReplicationHistory {
  readonly id: string;
  readonly previous?: {
    readonly id: string;
    /** The first offset not shared with the previous id. Whatever the old master wrote from there on is lost. */
    readonly from: number;
  };
}

/**
 * Every `id → previous ids` step ever observed on any node. A server remembers one step only; with all observed steps,
 * descent stays provable over several promotions.
 */
export type Lineage = ReadonlyMap<string, readonly string[]>;

export const emptyLineage: Lineage = new Map();

/**
 * The lineage with these histories added; the same object if they add nothing. A node can report a new id at each probe, so
 * there is a limit; the steps that `accepted`, the history of the accepted master, descends by are kept.
 */
export function learnLineage(
  lineage: Lineage,
  histories: readonly ReplicationHistory[],
  accepted?: string,
): Lineage {
  const added = histories.filter((history) => addsTo(lineage, history));
  if (added.length === 0) {
    return lineage;
  }
  const next = new Map(lineage);
  for (const history of added) {
    if (addsTo(next, history)) {
      next.set(history.id, [...(next.get(history.id) ?? []), history.previous.id]);
    }
  }
  return withoutOldest(next, accepted);
}

function addsTo(lineage: Lineage, history: ReplicationHistory): history is Required<ReplicationHistory> {
  const known = lineage.get(history.id) ?? [];
  return (
    history.previous !== undefined && !known.includes(history.previous.id) && known.length < MAX_PREVIOUS
  );
}

/** Whether stream `id` continues stream `ancestor`, over any number of known steps. */
export function descendsFrom(lineage: Lineage, id: string, ancestor: string): boolean {
  const visited = new Set<string>();
  const open = [...(lineage.get(id) ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === ancestor) {
      return id !== ancestor;
    }
    if (!visited.has(next)) {
      visited.add(next);
      open.push(...(lineage.get(next) ?? []));
    }
  }
  return false;
}

/** Whether two servers have an id of their histories in common: one may have been promoted since, but not both. */
export function sharesHistory(a: WithHistory, b: WithHistory): boolean {
  const [ids, others] = [idsOf(a), idsOf(b)];
  return ids.some((id) => others.includes(id));
}

interface WithHistory {
  readonly history?: ReplicationHistory;
}

/** The ids by which a history is known. */
export function idsOf({ history }: WithHistory): readonly string[] {
  return history === undefined ? [] : [history.id, ...(history.previous ? [history.previous.id] : [])];
}

/** The ids of all streams that continue `ancestor`. */
export function descendantsOf(lineage: Lineage, ancestor: string): ReadonlySet<string> {
  const heirs = new Map<string, string[]>();
  for (const [id, previous] of lineage) {
    for (const each of previous) {
      heirs.set(each, [...(heirs.get(each) ?? []), id]);
    }
  }
  return new Set(walk(heirs, ancestor, Infinity).filter((id) => id !== ancestor));
}

/** One promotion makes one step. A server that was restarted or copied may report another one from the same id. */
const MAX_PREVIOUS = 4;
/** In ids, with about 200 bytes each: more promotions than a group sees while an app runs. */
const LINEAGE_LIMIT = 256;
/** How many of them the accepted master may keep from being dropped; a lying node could claim them all for it. */
const MAX_KEPT = 128;

function withoutOldest(lineage: Map<string, readonly string[]>, accepted: string | undefined): Lineage {
  if (lineage.size <= LINEAGE_LIMIT) {
    return lineage;
  }
  const kept = new Set(accepted === undefined ? [] : walk(lineage, accepted, MAX_KEPT));
  const droppable = [...lineage.keys()].filter((id) => !kept.has(id));
  for (const id of droppable.slice(0, lineage.size - LINEAGE_LIMIT)) {
    lineage.delete(id);
  }
  return lineage;
}

/** The ids that lead on from `from`, itself included; along the step that was learned first, first. */
function walk(steps: ReadonlyMap<string, readonly string[]>, from: string, limit: number): readonly string[] {
  const visited = new Set<string>();
  const open = [from];
  for (let next = open.pop(); next !== undefined && visited.size < limit; next = open.pop()) {
    if (!visited.has(next)) {
      visited.add(next);
      open.push(...(steps.get(next) ?? []).toReversed());
    }
  }
  return [...visited];
}
