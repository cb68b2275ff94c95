import { masterOf, type Topology } from '../topology/topology.js';
import { SLOT_COUNT, type SlotRange } from './slots.js';

/**
 * The state of a Redis Cluster, derived from what its nodes report. A plain, immutable value without credentials.
 *
 * - `unknown`: no node has told the slots yet.
 * - `steady`: each slot has a master.
 * - `partial`: at least one shard has no master, or a slot belongs to no shard; commands for its keys are held.
 *
 * @publicApi
 */
export interface ClusterTopology {
  readonly kind: 'unknown' | 'steady' | 'partial';
  readonly shards: readonly ShardTopology[];
  /** How many slots belong to no shard. */
  readonly unassignedSlots: number;
}

/**
 * One shard: a master with slots and its replicas.
 *
 * @publicApi
 */
export interface ShardTopology {
  /** Stays the same through failovers: the id of the node that was its master when it was first seen. */
  readonly id: string;
  readonly slots: readonly SlotRange[];
  /** Slots that are being moved from or to another shard. */
  readonly migratingSlots: readonly number[];
  /** Master, replicas, kind and generation, as of a replication group. */
  readonly topology: Topology;
}

export const unknownCluster: ClusterTopology = { kind: 'unknown', shards: [], unassignedSlots: SLOT_COUNT };

export function describeCluster(shards: readonly ShardTopology[]): ClusterTopology {
  const assigned = shards
    .flatMap(({ slots }) => slots)
    .reduce((sum, { first, last }) => sum + last - first + 1, 0);
  const isServed = assigned >= SLOT_COUNT && shards.every(({ topology }) => masterOf(topology) !== undefined);
  return {
    kind: isServed ? 'steady' : 'partial',
    shards,
    unassignedSlots: Math.max(0, SLOT_COUNT - assigned),
  };
}

/** How texts for operators name a shard. */
export function nameShard({ slots }: Pick<ShardTopology, 'slots'>): string {
  return `shard ${describeSlots(slots)}`;
}

/** The same for the shard with this id, also if it is gone. */
export function nameOf({ shards }: ClusterTopology, id: string): string {
  const shard = shards.find((each) => each.id === id);
  return shard === undefined ? `shard of ${id}` : nameShard(shard);
}

/** Such as `0-5460` or `0-99,200`; a shard after many moves has more ranges than anyone would read. */
export function describeSlots(slots: readonly SlotRange[]): string {
  const shown = slots
    .slice(0, MAX_RANGES)
    .map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`));
  return [...shown, ...(slots.length > MAX_RANGES ? ['…'] : [])].join(',');
}

const MAX_RANGES = 3;
