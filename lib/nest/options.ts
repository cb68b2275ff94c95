import type { CredentialsProvider } from '../credentials/credentials.js';
import type { RedisConnectionOptions } from '../connections/ioredis/redis-options.js';
import type { Resend } from '../connections/outcomes/resend.js';
import type { TlsProvider } from '../sockets/changing-tls.js';
import type { NodeSource } from '../sources/node-source.js';
import type { Endpoint } from '../topology/endpoint.js';
import type { ReadFrom } from '../topology/pick.js';

/**
 * The options of `RedisReplicationModule`: either `source` or `cluster`, and those that both have.
 *
 * @publicApi
 */
export type RedisReplicationOptions = CommonOptions & (GroupPlace | ClusterPlace);

/** One replication group: a master and its replicas. */
interface GroupPlace {
  /** Where the nodes are: `staticNodes`, `discoverNodes`, `primaryEndpoint`, or a source of your own. */
  readonly source: NodeSource;
  readonly cluster?: undefined;
}

/** A Redis Cluster. Writer and reader are then ioredis `Cluster` objects. */
interface ClusterPlace {
  readonly cluster: ClusterNodesOptions;
  readonly source?: undefined;
}

/**
 * Where the nodes of a Redis Cluster are.
 *
 * @publicApi
 */
export interface ClusterNodesOptions {
  /** Some nodes, as `host:port`, from which all others are learned; or a source of such nodes. */
  readonly nodes: readonly string[] | NodeSource;
  /**
   * Translates an address that a node announces into one that this app can reach (NAT, containers). `undefined` leaves
   * the node out. Default: addresses are used as announced.
   */
  readonly mapEndpoint?: (announced: Endpoint) => Endpoint | undefined;
}

/** All durations are in milliseconds. */
interface CommonOptions {
  /**
   * Options of ioredis for all connections: credentials, `db`, `keyPrefix`, `tls`, `lazyConnect` and so on. Options that
   * this library sets itself are refused with an error that states why.
   */
  readonly redis?: RedisConnectionOptions;
  /**
   * Credentials that change while the app runs, for all connections, in place of `redis.username` and `redis.password`.
   * Open connections log in again when they are renewed. Default: those in `redis`.
   */
  readonly credentials?: CredentialsProvider;
  /**
   * TLS options that change while the app runs, such as certificates that are exchanged on disk: a function that is called
   * for new connections. All connections use TLS then, with these on top of `redis.tls`. Open connections stay as they are.
   * Default: those in `redis.tls`, if any.
   */
  readonly tls?: TlsProvider;
  /** Which nodes the reader uses. Default `replicaPreferred`. */
  readonly readFrom?: ReadFrom;
  /** Limits for commands that wait for a usable node. Beyond them, commands are rejected with `NotAppliedError`. */
  readonly hold?: {
    /** How long a command may wait. Default 10 000. */
    readonly timeoutMs?: number;
    /** How many commands may wait at once on one connection. Default 10 000. With 0, commands fail at once. */
    readonly maxCommands?: number;
    /** How many bytes their arguments may have together on one connection. Default 64 000 000. */
    readonly maxBytes?: number;
  };
  /**
   * Which commands are sent again if their reply was lost with the connection, so that they may be executed twice.
   * Others end in `UnknownOutcomeError`. Default `reads`.
   */
  readonly resend?: Resend;
  /**
   * Write only while more than half of the known nodes can be reached and agree which node is the master. An app that is
   * cut off together with an old master then stops writing to it within 1.1 × `pollIntervalMs` + `replyTimeoutMs`, the
   * time to notice that the other nodes are silent. Two nodes are both needed. Default `false`.
   */
  readonly requireMajority?: boolean;
  /** What becomes of a master that nothing proves, see M20 in `docs/who-is-master.md`. */
  readonly unproven?: {
    /**
     * How long the only claimant waits until it is accepted without proof, provided that no reachable node disputes it.
     * `false`: never. Default 30 000.
     */
    readonly acceptAfterMs?: number | false;
  };
  /**
   * `background` (default): the app starts at once, and commands wait for the first master. `required`: the app fails to
   * start if the writer is not connected within `bootTimeoutMs`; the error states what was observed on each node.
   */
  readonly boot?: 'background' | 'required';
  /** How long `boot: 'required'` waits for the writer. Default 10 000. */
  readonly bootTimeoutMs?: number;
  /** The interval between two probes of a node in calm; about 10 % of jitter is added. Default 500. */
  readonly pollIntervalMs?: number;
  /**
   * How long a node may take to answer a probe before it is suspect, and what was sent to it when it is left. Default 250.
   */
  readonly replyTimeoutMs?: number;
  /** How long to wait for pending replies when the app shuts down. Default 2000. */
  readonly shutdownTimeoutMs?: number;
  /**
   * A key that the ACL of the user must allow. Watchers block on it, so it should not exist, and the health check writes
   * nothing to it; neither changes or creates it. `redis.keyPrefix` is prepended. Default
   * `nestjs-redis-replication:probe`.
   */
  readonly probeKey?: string;
  /** The health check reports `degraded` while fewer replicas than this are usable. Default 0. */
  readonly minReplicas?: number;
}

type ResolvedCommonOptions = Required<Omit<CommonOptions, 'credentials' | 'tls' | 'hold' | 'unproven'>> & {
  /** Of the instance. */
  readonly name: string;
  readonly credentials?: CredentialsProvider;
  readonly tls?: TlsProvider;
  readonly unproven: Required<NonNullable<CommonOptions['unproven']>>;
  readonly hold: Required<NonNullable<CommonOptions['hold']>>;
};

/** The options of a replication group, with all defaults filled in. */
export type ResolvedOptions = ResolvedCommonOptions & Pick<GroupPlace, 'source'>;

/** The options of a cluster, with all defaults filled in. */
export type ResolvedClusterOptions = ResolvedCommonOptions & Pick<ClusterPlace, 'cluster'>;
