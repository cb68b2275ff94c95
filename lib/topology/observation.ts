import type { Endpoint } from './endpoint.js';
import type { ReplicationHistory } from './lineage.js';
import type { Signal } from './signal.js';

/** What a server calls itself. `master` and `replica` are server roles, never connections of ours. */
export type ServerRole = 'master' | 'replica';

/**
 * The state of a replica's link to its master: `up`, `down` (it serves what it has), `syncing` (it has nothing
 * consistent to serve).
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
  | 'ERROR';

/** What one node said of itself. Fields are absent where the user may not run the command that tells them. */
export interface NodeReport {
  readonly role: ServerRole;
  /** Changes with each start of the server process. */
  readonly runId?: string;
  readonly history?: ReplicationHistory;
  /** Replication offset in bytes: written by a master, applied by a replica. */
  readonly offset?: number;
  /** Replicas only. */
  readonly link?: ReplicaLink;
  /** Other nodes this one names: its master and its replicas. */
  readonly named: readonly Endpoint[];
}

/** What one node said of itself at one moment, or why it could not be asked. Never an exception. */
export type Observation = AnsweredObservation | FaultyObservation | PendingObservation;

interface ObservationBase {
  readonly endpoint: Endpoint;
  /** When it was complete, in milliseconds since the epoch. */
  readonly at: number;
  /** What made us look. */
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

/** A node nobody has looked at yet. */
export interface PendingObservation extends ObservationBase {
  readonly kind: 'pending';
}
