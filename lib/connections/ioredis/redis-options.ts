import type { RedisOptions } from 'ioredis';

/** Options of ioredis that this library sets itself. The text is the reason given when the app sets one of them. */
export const ownedOptions = {
  host: 'nodes are named by "source"',
  port: 'nodes are named by "source"',
  path: 'nodes are named by "source"',
  sentinels: 'nodes are named by "source"',
  name: 'it selects a Sentinel group; nodes are named by "source"',
  role: 'the writer uses the master, and "readFrom" says what the reader uses',
  natMap: 'addresses are translated by "mapEndpoint" of discoverNodes',
  Connector: 'the connector is how connections follow the topology',
  retryStrategy: 'a connection is made as soon as the topology names a node',
  reconnectOnError: 'refused commands wait and go to the next master',
  autoResendUnfulfilledCommands: 'it can execute a command twice; a lost reply ends in UnknownOutcomeError',
  enableOfflineQueue: 'waiting is bounded by "hold"; set hold.maxCommands to 0 to fail at once',
  enableReadyCheck: 'the role of a node is verified before it is used',
  offlineQueue: 'waiting is bounded by "hold"',
  commandQueue: 'it is internal to ioredis',
  maxRetriesPerRequest: 'waiting is bounded by "hold"; only null, which is always in effect, is accepted',
  maintNotifications:
    'connections follow the topology, not the notices of a server; only "disabled" is accepted',
  readOnly: 'it is a command of Redis Cluster',
  monitor: 'it is set by monitor()',
} as const satisfies Readonly<Record<string, string>>;

/**
 * Options of ioredis for writer and reader, without those that this library owns.
 *
 * @publicApi
 */
export type RedisConnectionOptions = Omit<RedisOptions, keyof typeof ownedOptions | 'replyMapping'> & {
  /** Accepted because BullMQ requires it. */
  readonly maxRetriesPerRequest?: null;
};

/** Options that every connection uses. */
export const ownedSettings = {
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: true,
  enableReadyCheck: true,
  maxRetriesPerRequest: null,
  reconnectOnError: null,
  retryStrategy: (failures: number) => reconnectDelayMs(failures),
} as const satisfies RedisOptions;

/**
 * Options of later versions of ioredis, which others do not look at. From 6.1 on, ioredis would connect to whatever address
 * a server names, unseen by the topology, and hold commands in a queue of its own meanwhile.
 */
export const laterSettings = { maintNotifications: 'disabled' } as const;

/**
 * The first attempts need no delay, because each waits for a new probe of its node. A node that keeps refusing the
 * handshake, for example because of a wrong password, is tried with exponential backoff.
 */
export function reconnectDelayMs(failures: number): number {
  return failures <= 3 ? 0 : Math.min(10 * 2 ** (failures - 3), 2000);
}
