import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import type { ClusterNode, ClusterView } from './cluster-view.js';
import type { SlotRange } from './slots.js';

/** A master with slots and its replicas. It stays the same shard when another of its nodes becomes the master. */
export interface Shard {
  /** The id of the node that was its master when it was first seen. */
  readonly id: string;
  readonly slots: readonly SlotRange[];
  /** Slots on their way to or from another shard, as its master reported when it was asked last. */
  readonly migrating: readonly number[];
  readonly members: readonly Member[];
}

export interface Member {
  readonly id: string;
  readonly endpoint: Endpoint;
  /** `host:port` of each place where servers may say that it is. */
  readonly names: readonly string[];
  /** Whether the cluster regards it as the master of the shard. */
  readonly isMaster: boolean;
}

/**
 * The shards of a cluster, given those before. A shard is recognized by its master, which was a member of it before. A
 * member that has lost its role and follows nobody yet, such as a master that was killed, stays a member.
 */
export function nextShards(before: readonly Shard[], { nodes }: ClusterView): readonly Shard[] {
  const present = nodes.filter(({ isMember }) => isMember);
  const masters = present
    .filter((node) => node.masterId === undefined && node.slots.length > 0)
    // Each node lists the others in an order of its own.
    .toSorted((a, b) => firstSlotOf(a) - firstSlotOf(b));
  const ids = assignIds(before, masters);
  return masters.map((master) => {
    const id = ids.get(master.id) ?? unusedId(master.id, ids);
    const replicas = present.filter(({ masterId }) => masterId === master.id);
    const previous = before.find((shard) => shard.id === id);
    const former = previous?.members ?? [];
    const idle = present.filter(
      (node) =>
        node.masterId === undefined && node.slots.length === 0 && former.some((each) => each.id === node.id),
    );
    return {
      id,
      slots: master.slots,
      migrating: master.isAsked ? master.migrating : (previous?.migrating ?? []),
      members: [master, ...replicas, ...idle]
        .map((node) => toMember(node, node === master))
        .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    };
  });
}

/** The shard whose node says that it is at `address`. */
export function shardAt(shards: readonly Shard[], address: Endpoint): Shard | undefined {
  const name = formatEndpoint(address);
  return shards.find(({ members }) => members.some(({ names }) => names.includes(name)));
}

/** Each shard continues in one master: in its previous one if that still has slots, else in the first other. */
function assignIds(before: readonly Shard[], masters: readonly ClusterNode[]): ReadonlyMap<string, string> {
  const wasIn = (shard: Shard, { id }: ClusterNode) => shard.members.some((member) => member.id === id);
  return new Map(
    before.flatMap((shard) => {
      const heirs = masters.filter((master) => wasIn(shard, master));
      const previous = shard.members.find(({ isMaster }) => isMaster)?.id;
      const heir = heirs.find(({ id }) => id === previous) ?? heirs[0];
      return heir === undefined ? [] : [[heir.id, shard.id] as const];
    }),
  );
}

function firstSlotOf({ slots }: ClusterNode): number {
  return Math.min(...slots.map(({ first }) => first));
}

/** A node that has left its shard, which is named after it, may become the master of another. */
function unusedId(id: string, used: ReadonlyMap<string, string>): string {
  return [...used.values()].includes(id) ? unusedId(`${id}+`, used) : id;
}

function toMember({ id, endpoint, aliases }: ClusterNode, isMaster: boolean): Member {
  const names = new Set([endpoint, ...aliases].map(formatEndpoint));
  return { id, endpoint, names: [...names], isMaster };
}
