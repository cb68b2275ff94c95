import type { RedisOptions } from 'ioredis';

/** Options of ioredis that this library sets itself, with the reason it gives to whoever names one. */
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
  autoResendUnfulfilledCommands: 'it executes commands twice; lost replies end in UnknownOutcomeError',
  enableOfflineQueue: 'waiting is bounded by "hold"; set hold.maxCommands to 0 to fail at once',
  enableReadyCheck: 'the role of a node is verified before it is used',
  offlineQueue: 'waiting is bounded by "hold"',
  commandQueue: 'it is internal to ioredis',
  maxRetriesPerRequest: 'waiting is bounded by "hold"; only null, which is in force anyway, is accepted',
  readOnly: 'it is a command of Redis Cluster',
  monitor: 'it is set by monitor()',
} as const satisfies Readonly<Record<string, string>>;

/**
 * Options of ioredis for writer and reader, less those this library owns.
 *
 * @publicApi
 */
export type RedisConnectionOptions = Omit<RedisOptions, keyof typeof ownedOptions | 'replyMapping'> & {
  /** Accepted because BullMQ asks for it. */
  readonly maxRetriesPerRequest?: null;
};

/** What is in force for every connection. */
export const ownedSettings = {
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: true,
  enableReadyCheck: true,
  maxRetriesPerRequest: null,
  reconnectOnError: null,
  retryStrategy: (failures: number) => reconnectDelayMs(failures),
} as const satisfies RedisOptions;

/**
 * The first attempts are immediate, since each waits for a node that was looked at anew; a node that keeps refusing
 * the handshake (a wrong password, say) is asked more and more rarely.
 */
export function reconnectDelayMs(failures: number): number {
  return failures <= 3 ? 0 : Math.min(10 * 2 ** (failures - 3), 2000);
}
