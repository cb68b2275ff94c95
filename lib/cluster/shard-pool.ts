import type { Redis } from 'ioredis';
import type { ClusterPool, Emit } from '../connections/ioredis/cluster-internals.js';
import type { LiveShard } from './cluster-loop.js';
import type { ShardConnection } from './shard-connection.js';

/** The key under which ioredis knows the connection to a shard. It looks like an address, and is never dialled. */
export function keyOfShard(id: string): string {
  return `shard-${id}:1`;
}

interface Entry {
  readonly id: string;
  readonly redis: ShardConnection;
}

/**
 * The connections of a cluster, in place of the pool of ioredis: one for each shard. It stays the same through failovers
 * of the shard.
 */
export class ShardPool implements ClusterPool {
  readonly #create: (live: LiveShard) => ShardConnection;
  #emit: Emit = () => undefined;
  #entries: readonly Entry[] = [];
  /** All that have not ended, also those that are not part of the pool any more. */
  readonly #alive = new Set<Redis>();
  #state: 'used' | 'closing' = 'used';
  #nodes: ClusterPool['nodes'] = { all: {}, master: {}, slave: {} };

  constructor(create: (live: LiveShard) => ShardConnection) {
    this.#create = create;
  }

  /** `emit` tells ioredis what happens in its pool. */
  attach(emit: Emit): void {
    this.#emit = emit;
  }

  get nodes(): ClusterPool['nodes'] {
    return this.#nodes;
  }

  get connections(): readonly ShardConnection[] {
    return this.#entries.map(({ redis }) => redis);
  }

  of(shardId: string): ShardConnection | undefined {
    return this.#entries.find(({ id }) => id === shardId)?.redis;
  }

  /** Undefined if the connection is not part of the pool any more. */
  keyOf(redis: ShardConnection): string | undefined {
    const entry = this.#entries.find((each) => each.redis === redis);
    return entry && keyOfShard(entry.id);
  }

  /** Opens the connections to new shards. Returns those to shards that are gone, which the caller ends. */
  apply(shards: readonly LiveShard[]): readonly ShardConnection[] {
    this.#state = 'used';
    const before = this.#entries;
    const kept = before.filter(({ id }) => shards.some(({ shard }) => shard.id === id));
    const added = shards
      .filter(({ shard }) => kept.every(({ id }) => id !== shard.id))
      .map((live): Entry => ({ id: live.shard.id, redis: this.#open(live) }));
    const gone = before.filter((entry) => !kept.includes(entry));
    this.#use([...kept, ...added]);
    added.forEach(({ id, redis }) => this.#emit('+node', redis, keyOfShard(id)));
    gone.forEach(({ id, redis }) => this.#emit('-node', redis, keyOfShard(id)));
    return gone.map(({ redis }) => redis);
  }

  getNodes(role: 'all' | 'master' | 'slave' = 'all'): readonly Redis[] {
    return Object.values(this.nodes[role]);
  }

  getInstanceByKey(key: string): Redis | undefined {
    return this.nodes.all[key];
  }

  getSampleInstance(role: 'all' | 'master' | 'slave'): Redis | undefined {
    const nodes = this.getNodes(role);
    return nodes[Math.floor(Math.random() * nodes.length)];
  }

  findOrCreate({ host, port }: { readonly host?: unknown; readonly port?: unknown }): Redis | undefined {
    return this.nodes.all[`${String(host)}:${String(port)}`];
  }

  /** A connection that follows its shard is never outdated. */
  recreate(node: object): Redis | undefined {
    return this.findOrCreate(node);
  }

  /** ioredis calls it with its first nodes, which are not used, and without any to end all connections. */
  reset(nodes: readonly object[]): void {
    if (nodes.length > 0) {
      return;
    }
    this.#state = 'closing';
    const connections = this.connections;
    this.#use([]);
    connections.forEach((redis) => redis.disconnect());
    this.#drain();
  }

  #open(live: LiveShard): ShardConnection {
    const redis = this.#create(live);
    const key = keyOfShard(live.shard.id);
    this.#alive.add(redis);
    redis.on('error', (error) => this.#emit('nodeError', error, key));
    redis.on('end', () => {
      this.#alive.delete(redis);
      this.#drain();
    });
    return redis;
  }

  /** As soon as no connection is left, ioredis is told, which then ends the cluster. */
  #drain(): void {
    if (this.#alive.size === 0 && (this.#state === 'closing' || this.#entries.length > 0)) {
      this.#state = 'used';
      this.#use([]);
      this.#emit('drain');
    }
  }

  #use(entries: readonly Entry[]): void {
    const all = Object.fromEntries(entries.map(({ id, redis }) => [keyOfShard(id), redis]));
    this.#entries = entries;
    this.#nodes = { all, master: all, slave: {} };
  }
}
