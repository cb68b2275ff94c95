/**
 * A server's replication history: the id of its replication stream, and the id that the stream had before the last
 * promotion (`master_replid`, `master_replid2`, `second_repl_offset` of `INFO replication`).
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

/** The lineage with these histories added; the same object if they add nothing. */
export function learnLineage(lineage: Lineage, histories: readonly ReplicationHistory[]): Lineage {
  const added = histories.filter(
    ({ id, previous }) => previous !== undefined && !(lineage.get(id) ?? []).includes(previous.id),
  );
  if (added.length === 0) {
    return lineage;
  }
  const next = new Map(lineage);
  for (const { id, previous } of added) {
    const known = next.get(id) ?? [];
    if (previous !== undefined && !known.includes(previous.id)) {
      next.set(id, [...known, previous.id]);
    }
  }
  return newest(next, LINEAGE_LIMIT);
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

/** The ids of all streams that continue `ancestor`. */
export function descendantsOf(lineage: Lineage, ancestor: string): ReadonlySet<string> {
  return new Set([...lineage.keys()].filter((id) => descendsFrom(lineage, id, ancestor)));
}

/** In steps of about 200 bytes each, one per promotion. */
const LINEAGE_LIMIT = 1000;

function newest(lineage: Map<string, readonly string[]>, limit: number): Lineage {
  return lineage.size <= limit ? lineage : new Map([...lineage].slice(lineage.size - limit));
}
