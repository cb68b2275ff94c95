import { map, type Observable } from 'rxjs';
import { nameShard, type ShardTopology } from '../../cluster/cluster-topology.js';
import { keyIn } from '../../cluster/slots.js';
import { ClusterReplication } from '../../nest/cluster-replication.js';
import type { RedisReplicationOptions, ResolvedClusterOptions, ResolvedOptions } from '../../nest/options.js';
import { Replication } from '../../nest/replication.js';
import { isForCluster, resolveClusterOptions, resolveOptions } from '../../nest/resolve-options.js';
import type { ChangeNote } from '../../topology/describe-change.js';
import type { Topology } from '../../topology/topology.js';
import type { Group } from '../facts.js';

/** What the app would see. */
export interface Observed {
  /** `idle`: each node was probed, and none is the master; another one may be promoted any time. */
  readonly kind: 'settled' | 'idle' | 'open';
  readonly groups: readonly ObservedGroup[];
  readonly unassignedSlots: number;
}

export interface ObservedGroup extends Group {
  /** The key of the health check. */
  readonly key: string;
}

export interface Observation {
  readonly options: ResolvedOptions | ResolvedClusterOptions;
  readonly mode: 'plain' | 'cluster';
  /** Replays the latest, and never errors. */
  readonly observed$: Observable<Observed>;
  /** What the module would have logged, each text once. */
  readonly notes: () => readonly ChangeNote[];
  readonly close: () => Promise<void>;
}

/**
 * Observes the group as the module does, by its own parts. No writer and no reader is created.
 *
 * @throws TypeError if an option is wrong.
 */
export function observeGroup(options: RedisReplicationOptions): Observation {
  const notes = new Map<string, ChangeNote>();
  const report = (note: ChangeNote) => void notes.set(note.text, note);
  if (isForCluster(options)) {
    const replication = new ClusterReplication(resolveClusterOptions(options), report);
    return { ...common(replication, notes), mode: 'cluster', observed$: observeShards(replication) };
  }
  const replication = new Replication(resolveOptions(options), report);
  const key = keyOf(replication.options);
  const observed$ = replication.topology$.pipe(
    map((topology): Observed => ({
      kind: kindOf(topology),
      groups: [{ topology, key }],
      unassignedSlots: 0,
    })),
  );
  return { ...common(replication, notes), mode: 'plain', observed$ };
}

function common<Options>(
  replication: { readonly options: Options; readonly onApplicationShutdown: () => Promise<void> },
  notes: ReadonlyMap<string, ChangeNote>,
) {
  return {
    options: replication.options,
    notes: () => [...notes.values()],
    close: () => replication.onApplicationShutdown(),
  };
}

function observeShards(replication: ClusterReplication): Observable<Observed> {
  const key = keyOf(replication.options);
  return replication.topology$.pipe(
    map(({ kind, shards, unassignedSlots }): Observed => ({
      kind: kind === 'steady' && shards.every(isProbed) ? 'settled' : 'open',
      groups: shards.toSorted(bySlots).map((shard) => ({
        shard: nameShard(shard),
        topology: shard.topology,
        key: keyIn(shard.slots, key),
      })),
      unassignedSlots: kind === 'unknown' ? 0 : unassignedSlots,
    })),
  );
}

function bySlots(a: ShardTopology, b: ShardTopology): number {
  return (a.slots[0]?.first ?? 0) - (b.slots[0]?.first ?? 0);
}

function kindOf(topology: Topology): Observed['kind'] {
  if (!isProbed({ topology })) {
    return 'open';
  }
  return topology.kind === 'steady' ? 'settled' : topology.kind === 'masterless' ? 'idle' : 'open';
}

function isProbed({ topology: { nodes } }: Pick<Group, 'topology'>): boolean {
  return nodes.length > 0 && nodes.every(({ kind }) => kind !== 'pending');
}

function keyOf({ redis, probeKey }: Observation['options']): string {
  return `${redis.keyPrefix ?? ''}${probeKey}`;
}
