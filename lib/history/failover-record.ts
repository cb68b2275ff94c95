import type { SignalKind } from '../topology/signal.js';
import type { DataLoss, Proof, TopologyNode } from '../topology/topology.js';
import type { FailoverCause } from './cause.js';

/**
 * One failover, as this app went through it. A plain, immutable value without credentials, safe to log and to serialise.
 *
 * - `open`: another master was accepted, and no write has been acknowledged by it yet. An app that writes nothing keeps it
 *   open.
 * - `complete`: a write was acknowledged, or the next failover has begun before one was.
 *
 * @publicApi
 */
export type FailoverRecord = FailoverFacts &
  (
    | { readonly kind: 'open' }
    | {
        readonly kind: 'complete';
        readonly endedBy: 'first write';
        /** All phases together, in milliseconds. */
        readonly totalMs: number;
      }
    | { readonly kind: 'complete'; readonly endedBy: 'next failover' }
  );

interface FailoverFacts {
  /** The `name` of the instance. */
  readonly instance: string;
  /** Redis Cluster: the id of the shard, as in the topology. */
  readonly shard?: string;
  /** That of the topology when the new master was accepted. Within a shard, it identifies the failover. */
  readonly generation: number;
  readonly from: string;
  readonly to: string;
  readonly cause: FailoverCause;
  /** The signal behind `cause`, as in the topology and in the log. */
  readonly signal: SignalKind;
  /** What proved the new master; `role` where the user may not read replication histories, so that its role had to do. */
  readonly proof: Proof | 'role';
  /** When the new master was accepted, in milliseconds since the epoch. */
  readonly at: number;
  /**
   * The promotion happened at most this long before `at`, in milliseconds: the new master was a replica then. Absent where
   * it was never seen as one.
   */
  readonly promotedWithinMs?: number;
  readonly phases: FailoverPhases;
  /** What became of the commands of all connections, from the first sign until the record was complete. */
  readonly commands: FailoverCommands;
  /** The loss of acknowledged writes, where it can be proven. It may be found after the record was complete. */
  readonly dataLoss?: DataLoss;
  /** What each node said when the new master was accepted. */
  readonly nodes: readonly TopologyNode[];
}

/**
 * How long each phase took, in milliseconds. The first begins at the first sign that the old master was gone, each other
 * one at the end of the one before it.
 *
 * @publicApi
 */
export interface FailoverPhases {
  /** Until it was certain that the old master must not be written to any more. */
  readonly detectionMs: number;
  /** Until another master was accepted. */
  readonly decisionMs: number;
  /** Until the writer, or a duplicate, could send to it; absent until then. */
  readonly connectionMs?: number;
  /** From when the first write was sent until it was acknowledged; absent until then. */
  readonly acknowledgementMs?: number;
}

/**
 * How many commands a failover concerned.
 *
 * @publicApi
 */
export interface FailoverCommands {
  readonly held: number;
  readonly sentAgain: number;
  readonly unknown: number;
  /** Ended with `NotAppliedError`. */
  readonly notApplied: number;
}
