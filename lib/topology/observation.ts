import type { Endpoint } from './endpoint.js';
import type { ReplicationHistory } from './lineage.js';
import type { Signal } from './signal.js';

/**
 * The role that a server reports. Our connections are never called master or replica, but writer and reader.
 *
 * @publicApi
 */
export type ServerRole = 'master' | 'replica';

/**
 * The state of a replica's link to its master: `up`, `down` (the replica serves the data it has) or `syncing` (it has no
 * consistent data to serve).
 *
 * @publicApi
 */
export type ReplicaLink = 'up' | 'down' | 'syncing';

/**
 * Why a node cannot be used.
 *
 * @publicApi
 */
export type NodeFault =
  | 'REFUSED'
  | 'NOT_FOUND'
  | 'UNREACHABLE'
  | 'TIMEOUT'
  | 'PAUSED'
  | 'CLOSED'
  | 'TLS'
  | 'NOAUTH'
  | 'WRONGPASS'
  | 'NOPERM'
  | 'MAXCLIENTS'
  | 'LOADING'
  | 'SENTINEL'
  | 'CLUSTER'
  | 'CLUSTERDOWN'
  | 'ERROR';

/** What one node reports about itself. A field is absent if the user may not run the command that returns it. */
export interface NodeReport {
  readonly role: ServerRole;
  /** Changes with each start of the server process. */
  readonly runId?: string;
  readonly history?: ReplicationHistory;
  /** The name and version of the server, such as `redis 7.0.15`. For display only: others may forge it. */
  readonly version?: string;
  /** Replication offset in bytes: written by a master, applied by a replica. */
  readonly offset?: number;
  /** Replicas only. */
  readonly link?: ReplicaLink;
  /** Replicas only: the master from which it was told to replicate. Only an administrator can change it. */
  readonly follows?: Endpoint;
  /** Replicas only: it has not been in sync with any master since it started, and holds no data of a group. */
  readonly neverSynced?: true;
  /**
   * M21: others have written into what the node reports about itself. The role is from a reply into which nobody else can
   * write; `history` is absent, and `runId` is what the process reported before.
   */
  readonly untrusted?: true;
  /** How many keys it had, in all databases, where the server tells it together with its role (from Redis 7 on). */
  readonly keys?: number;
  /** The nodes that this one lists: its master and its replicas. */
  readonly named: readonly Endpoint[];
}

/** The result of one probe: the report of the node, or why there is none. Failures are values, never exceptions. */
export type Observation = AnsweredObservation | FaultyObservation | PendingObservation;

interface ObservationBase {
  readonly endpoint: Endpoint;
  /** When the probe ended, in milliseconds of a monotonic clock, as `performance.now()`. */
  readonly at: number;
  /** What caused the probe. */
  readonly signal: Signal;
}

export interface AnsweredObservation extends ObservationBase {
  readonly kind: 'answered';
  readonly report: NodeReport;
}

export interface FaultyObservation extends ObservationBase {
  readonly kind: 'faulty';
  readonly fault: NodeFault;
  readonly message: string;
}

/** The node has not been probed yet. */
export interface PendingObservation extends ObservationBase {
  readonly kind: 'pending';
}
