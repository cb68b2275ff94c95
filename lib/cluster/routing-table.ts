import type { Endpoint } from '../topology/endpoint.js';
import type { Redirection } from './redirection.js';
import { keyOfShard } from './shard-pool.js';
import { shardAt, type Shard } from './shards.js';
import { SLOT_COUNT } from './slots.js';

/** Which connection serves a slot or leads to an address, by the key under which ioredis knows it. */
export class RoutingTable {
  #shards: readonly Shard[] = [];
  #keys: readonly (string | undefined)[] = [];

  /** By slot; empty while nothing is known. */
  get keys(): readonly (string | undefined)[] {
    return this.#keys;
  }

  get isKnown(): boolean {
    return this.#keys.length > 0;
  }

  fill(shards: readonly Shard[]): void {
    const keys = Array.from<undefined, string | undefined>({ length: SLOT_COUNT }, () => undefined);
    for (const { id, slots } of shards) {
      slots.forEach(({ first, last }) => keys.fill(keyOfShard(id), first, last + 1));
    }
    this.#shards = shards;
    this.#keys = keys;
  }

  clear(): void {
    this.#shards = [];
    this.#keys = [];
  }

  /** A slot that has moved is known before the nodes are asked again. */
  note(redirection: Redirection): void {
    const key = redirection.kind === 'moved' && redirection.to && this.keyAt(redirection.to);
    if (redirection.kind === 'moved' && typeof key === 'string') {
      this.#keys = this.#keys.with(redirection.slot, key);
    }
  }

  keyOf(slot: number): string | undefined {
    return this.#keys[slot];
  }

  keyAt(address: Endpoint): string | undefined {
    const shard = shardAt(this.#shards, address);
    return shard && keyOfShard(shard.id);
  }

  /** Whether a shard redirects to itself: its node is not the master any more. */
  isWithin(shardId: string, redirection: Redirection | undefined): boolean {
    if (redirection?.kind !== 'moved') {
      return false;
    }
    const key = redirection.to === undefined ? this.keyOf(redirection.slot) : this.keyAt(redirection.to);
    return key === keyOfShard(shardId);
  }
}
