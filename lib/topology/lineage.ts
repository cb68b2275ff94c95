/**
 * A server's replication history: the id of the stream it is on, and the id that stream had before the last
 * promotion (`master_replid`, `master_replid2`, `second_repl_offset` of `INFO replication`).
 */
export interface ReplicationHistory {
  readonly id: string;
  readonly previous?: {
    readonly id: string;
    /** The first offset that is not shared with the previous id: what lies behind it on the old master is lost. */
    readonly from: number;
  };
}

/**
 * Every `id → earlier ids` step ever seen on any node. A server remembers one step only; with the steps sampled
 * along the way, descent stays provable over several promotions.
 */
export type Lineage = ReadonlyMap<string, readonly string[]>;

export const emptyLineage: Lineage = new Map();

/** The lineage with these histories added; the same object where they say nothing new. */
export function learnLineage(lineage: Lineage, histories: readonly ReplicationHistory[]): Lineage {
  const news = histories.filter(
    ({ id, previous }) => previous !== undefined && !(lineage.get(id) ?? []).includes(previous.id),
  );
  if (news.length === 0) {
    return lineage;
  }
  const next = new Map(lineage);
  for (const { id, previous } of news) {
    const known = next.get(id) ?? [];
    if (previous !== undefined && !known.includes(previous.id)) {
      next.set(id, [...known, previous.id]);
    }
  }
  return newest(next, LINEAGE_LIMIT);
}

/** Whether stream `id` is a continuation of stream `ancestor`, over any number of remembered steps. */
export function descendsFrom(lineage: Lineage, id: string, ancestor: string): boolean {
  const seen = new Set<string>();
  const open = [...(lineage.get(id) ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === ancestor) {
      return id !== ancestor;
    }
    if (!seen.has(next)) {
      seen.add(next);
      open.push(...(lineage.get(next) ?? []));
    }
  }
  return false;
}

/** A step costs about 200 bytes; a thousand promotions are remembered. */
const LINEAGE_LIMIT = 1000;

function newest(lineage: Map<string, readonly string[]>, limit: number): Lineage {
  return lineage.size <= limit ? lineage : new Map([...lineage].slice(lineage.size - limit));
}
