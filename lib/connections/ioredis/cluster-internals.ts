import { EventEmitter } from 'node:events';
import type { Cluster, Command, Redis } from 'ioredis';

/*
 * What this library relies on inside `Cluster` of ioredis. ioredis 5.4 to 6.0 behave the same. Beyond the public API:
 *
 * - `Cluster#sendCommand(command, stream, node)` sees every command; `node` is the destination of a pipeline. It chooses
 *   the connection by `slots` and sends the command there. At the first call it wraps `reject` of the command, so that
 *   `handleError` sees each error first, with an object `ttl` that stays the same for the command.
 * - `connectionPool` holds the connections by the keys that are in `slots`. Of it, ioredis uses what is in `ClusterPool`,
 *   and listens to its events.
 * - `subscriber` is asked for the connection for `SUBSCRIBE` and the like.
 * - `refreshSlotsCache` is called when the slots are needed. The event `refresh` ends a connection attempt.
 * - `_groupsIds` and `_groupsBySlot` number the connections, so that pipelines can compare them.
 */

/** What ioredis uses of its pool of connections. The key of a connection is `host:port`. */
export interface ClusterPool {
  readonly nodes: Readonly<Record<'all' | 'master' | 'slave', Readonly<Record<string, Redis>>>>;
  getNodes(role?: 'all' | 'master' | 'slave'): readonly Redis[];
  getInstanceByKey(key: string): Redis | undefined;
  getSampleInstance(role: 'all' | 'master' | 'slave'): Redis | undefined;
  findOrCreate(node: object): Redis | undefined;
  recreate(node: object): Redis | undefined;
  reset(nodes: readonly object[]): void;
}

/** What ioredis uses of the part that holds the connection for subscriptions. */
export interface ClusterSubscriptions {
  start(): void;
  stop(): void;
  getInstance(): Redis | null;
}

/** Emits an event of the pool. */
export type Emit = (
  event: '+node' | '-node' | 'nodeError' | 'drain',
  ...values: readonly unknown[]
) => unknown;

/** Call it after the constructor of a lazy cluster. Returns what emits the events of the pool that ioredis listens to. */
export function replaceParts(
  cluster: Cluster,
  parts: { readonly pool: ClusterPool; readonly subscriptions: ClusterSubscriptions },
): Emit {
  const events: unknown = Reflect.get(cluster, 'connectionPool');
  Reflect.set(cluster, 'connectionPool', parts.pool);
  Reflect.set(cluster, 'subscriber', parts.subscriptions);
  return (event, ...values) => events instanceof EventEmitter && events.emit(event, ...values);
}

/** Sets which connection serves each slot, by its key. A slot without one gets an empty list, for which ioredis picks any. */
export function fillSlots(cluster: Cluster, keyOf: readonly (string | undefined)[]): void {
  const numbers = new Map([...new Set(keyOf)].map((key, index) => [key, index + 1] as const));
  const lists = new Map([...numbers].map(([key]) => [key, key === undefined ? [] : [key]] as const));
  cluster.slots = keyOf.map((key) => lists.get(key) ?? []);
  const known = [...numbers].flatMap(([key, number]) => (key === undefined ? [] : [[key, number]]));
  Reflect.set(cluster, '_groupsIds', Object.fromEntries(known));
  Reflect.set(
    cluster,
    '_groupsBySlot',
    keyOf.map((key) => numbers.get(key)),
  );
}

/** Call it before ioredis changes the list of a slot that has moved, which other slots share. */
export function separateSlot(cluster: Cluster, slot: number): void {
  cluster.slots[slot] = [...(cluster.slots[slot] ?? [])];
}

/** The slot of the first key of a command, if it has one. */
export function slotOfCommand(command: Command): number | undefined {
  const slot: unknown = command.getSlot();
  return typeof slot === 'number' && slot >= 0 ? slot : undefined;
}

/** Whether commands may wait for this cluster, because no one has ended it. */
export function isRunning({ status }: Cluster): boolean {
  return status === 'ready' || status === 'connect' || status === 'connecting' || status === 'reconnecting';
}

/**
 * A connection that cannot write lets the automatic pipelines behind it run, so that they wait within the limits of
 * `hold`. Those of a cluster are kept by the cluster.
 */
export function shareAutoPipelines(cluster: Cluster, redis: Redis): void {
  for (const name of ['_autoPipelines', '_runningAutoPipelines']) {
    Reflect.set(redis, name, Reflect.get(cluster, name));
  }
}
