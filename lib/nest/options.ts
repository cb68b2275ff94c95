import type { RedisConnectionOptions } from '../connections/ioredis/redis-options.js';
import type { Resend } from '../connections/outcomes/resend.js';
import type { NodeSource } from '../sources/node-source.js';
import type { ReadFrom } from '../topology/pick.js';

/**
 * What `RedisReplicationModule` needs to know. All durations are in milliseconds.
 *
 * @publicApi
 */
export interface RedisReplicationOptions {
  /** Where the nodes are: `staticNodes`, `discoverNodes`, `primaryEndpoint`, or one of your own. */
  readonly source: NodeSource;
  /**
   * Options of ioredis for all connections: credentials, `db`, `keyPrefix`, `tls`, `lazyConnect` and so on. Those that
   * this library owns are refused with the reason.
   */
  readonly redis?: RedisConnectionOptions;
  /** Which nodes the reader uses. Default `replicaPreferred`. */
  readonly readFrom?: ReadFrom;
  /** Bounds of waiting while no node can be used; beyond them commands are rejected with `NotAppliedError`. */
  readonly hold?: {
    /** How long a command may wait. Default 10 000. */
    readonly timeoutMs?: number;
    /** How many commands may wait at once on one connection. Default 10 000; 0 fails at once. */
    readonly maxCommands?: number;
  };
  /**
   * Which commands are sent again where their reply was lost with the connection, and may so be executed twice. Default
   * `reads`; others end in `UnknownOutcomeError`.
   */
  readonly resend?: Resend;
  /**
   * Write only while more than half of the known nodes can be reached and agree who is the master, so that an app that
   * is cut off together with an old master stops writing to it: within 1.1 × `pollIntervalMs` + `replyTimeoutMs`,
   * since a node that falls silent is noticed by its late answer. With two nodes both are needed. Default `false`.
   */
  readonly requireMajority?: boolean;
  /**
   * `background` (default): the app starts at once, and commands wait for the first master. `required`: the boot fails
   * with what was seen on each node unless the writer is connected within `bootTimeoutMs`.
   */
  readonly boot?: 'background' | 'required';
  /** Default 10 000. */
  readonly bootTimeoutMs?: number;
  /** How often each node is asked for its role while all is calm; about 10 % of jitter is added. Default 500. */
  readonly pollIntervalMs?: number;
  /** How late an answer to that question may be before the node is suspect. Default 250. */
  readonly replyTimeoutMs?: number;
  /** How long replies may take while the app shuts down. Default 2000. */
  readonly shutdownTimeoutMs?: number;
  /**
   * A key that never exists, within the key pattern of the user. Watchers block on it and the health check tries to
   * write it; neither creates it. `redis.keyPrefix` is put before it. Default `nestjs-redis-replication:probe`.
   */
  readonly probeKey?: string;
  /** The health check reports `degraded` while fewer replicas than this can be used. Default 0. */
  readonly minReplicas?: number;
}

/** The same with every default filled in. */
export type ResolvedOptions = Required<Omit<RedisReplicationOptions, 'hold'>> & {
  readonly hold: Required<NonNullable<RedisReplicationOptions['hold']>>;
};
