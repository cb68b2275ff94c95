import type { Endpoint } from './endpoint.js';
import type { NodeFault, ReplicaLink } from './observation.js';
import type { SignalKind } from './signal.js';

/**
 * The state of the replication group, derived from all observations. A plain, immutable value without credentials, safe
 * to log and to serialise.
 *
 * - `unknown`: no master was accepted yet, and not every node has been probed.
 * - `steady`: there is one master.
 * - `masterless`: no node is a master that may be written to; commands are held.
 * - `contested`: a node claims to be the master, and replication history does not prove it. `master` is set if the
 *   accepted master still answers and is not superseded; writes stay with it. Otherwise commands are held.
 *
 * @publicApi
 */
export type Topology = TopologyFacts &
  (
    | { readonly kind: 'unknown' }
    | { readonly kind: 'steady'; readonly master: string }
    | { readonly kind: 'masterless' }
    | {
        readonly kind: 'contested';
        readonly master?: string;
        readonly claimants: readonly string[];
        /**
         * When the only claimant is accepted without proof unless a node disputes it, in milliseconds since the epoch.
         * Absent while time does not settle it, see M20 in `docs/who-is-master.md`.
         */
        readonly settlesAt?: number;
      }
  );

export type TopologyKind = Topology['kind'];

interface TopologyFacts {
  /** Grows by one at each accepted change of master; 0 before the first. */
  readonly generation: number;
  /** The signal that led to the last change of `kind` or `master`. */
  readonly cause: SignalKind;
  /** Time of the last change of `kind` or `master`, in milliseconds since the epoch. */
  readonly changedAt: number;
  readonly nodes: readonly TopologyNode[];
  /**
   * How many servers `requireMajority` counts: a server with two names once, and an address that the source derived only
   * if a server has answered there. Default: the number of `nodes`.
   */
  readonly servers?: number;
  /** The last accepted change of master; absent until the first. */
  readonly lastFailover?: Failover;
  /** Present while the master that was accepted last has no proof: writes that another node acknowledged before may be missing. */
  readonly unproven?: Unproven;
  /** The last proven loss of acknowledged writes; absent if there was none. */
  readonly lastDataLoss?: DataLoss;
}

/**
 * One accepted change of master.
 *
 * @publicApi
 */
export interface Failover {
  readonly generation: number;
  readonly from: string;
  readonly to: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** From the first signal that the old master was gone to the acceptance of the new one, in milliseconds. */
  readonly tookMs: number;
  readonly cause: SignalKind;
  /**
   * The promotion happened at most this long before `at`, in milliseconds: the new master was a replica then. Absent where
   * it was never seen as one.
   */
  readonly promotedWithinMs?: number;
  /** What proved the new master. Absent where the user may not read replication histories, so that its role had to do. */
  readonly proof?: Proof;
}

/**
 * Why a master was accepted in place of another one.
 *
 * - `history`: its replication history continues that of the master before it.
 * - `replicas`: the majority of the replicas replicates from it.
 * - `authority`: the source of nodes names it as the intended master.
 * - `unproven`: for `unproven.acceptAfterMs` it was the only one, and no reachable node disputed it.
 *
 * @publicApi
 */
export type Proof = 'history' | 'replicas' | 'authority' | 'unproven';

/**
 * A master that was accepted without proof.
 *
 * @publicApi
 */
export interface Unproven {
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** The master before it, whose last acknowledged writes it may lack; absent where the app has known none. */
  readonly before?: string;
}

/**
 * Acknowledged writes that the group no longer has.
 *
 * - `not replicated`: asynchronous replication had not copied them to the replica that was promoted. Grows while the
 *   superseded master still accepts writes from other clients.
 * - `restarted behind`: the master came back without its last writes, from an older copy of its data.
 * - `restarted empty`: the master came back without any key.
 * - `replaced by empty`: another server took over that has no key at all, and another history.
 *
 * @publicApi
 */
export interface DataLoss {
  readonly kind: 'not replicated' | 'restarted behind' | 'restarted empty' | 'replaced by empty';
  readonly endpoint: string;
  /** At least this many bytes of the replication stream. */
  readonly bytes: number;
  /** If all keys are lost: how many there were at the last probe before. */
  readonly keys?: number;
  /** When the loss was first observed, in milliseconds since the epoch. */
  readonly at: number;
}

/**
 * One node of the topology.
 *
 * - `master`: the master, which gets the writes.
 * - `replica`: it reports the role `replica`.
 * - `stale`: it claims to be the master, but another node provably superseded it.
 * - `contender`: it claims to be the master, without proof.
 * - `unusable`: it cannot be reached or is no server of this group; `fault` gives the reason.
 * - `pending`: it has not been probed yet.
 *
 * @publicApi
 */
export type TopologyNode = NodeIdentity &
  (
    | {
        readonly kind: 'master' | 'replica' | 'stale' | 'contender';
        readonly role: 'master' | 'replica';
        readonly reachable: true;
        readonly runId?: string;
        /** The name and version of the server, such as `redis 7.0.15` or `valkey 8.1.1`, where the user may run `INFO`. */
        readonly version?: string;
        /** Replication offset in bytes. */
        readonly offset?: number;
        /** Replicas only: the link to their master. */
        readonly link?: ReplicaLink;
        /** Replicas only: bytes behind the master, if both offsets are known and belong to the same history. */
        readonly lagBytes?: number;
        /**
         * Replicas only: whether it replicates from the accepted master. Absent while there is no master, and until the
         * replica has been probed after the last failover.
         */
        readonly following?: boolean;
        /** Replicas only: `true` if it replicates a history that the accepted master's history does not continue. */
        readonly astray?: true;
        /**
         * Replicas only: `true` if it holds no data of the group, because it was never in sync since it started or because
         * its history has nothing in common with that of the accepted master. Readers do not use it.
         */
        readonly foreign?: true;
        /**
         * `true` while others write lines into what the node reports about itself, such as a replica by
         * `REPLCONF ip-address`. Its role is known, its replication ids prove nothing; see M21 in `docs/who-is-master.md`.
         */
        readonly untrusted?: true;
        /**
         * Stale masters only: accepted bytes that the master does not have, if they can be determined. Known until it is a
         * replica.
         */
        readonly lostBytes?: number;
      }
    | {
        readonly kind: 'unusable';
        readonly reachable: false;
        readonly fault: NodeFault;
        readonly message: string;
        /** As it was when the node could be reached. */
        readonly lostBytes?: number;
        /** As it was when the node could be reached. */
        readonly untrusted?: true;
      }
    | { readonly kind: 'pending'; readonly reachable: false }
  );

interface NodeIdentity {
  /** `host:port`. */
  readonly endpoint: string;
  readonly address: Endpoint;
  /** Other endpoints of the same server process. */
  readonly aliases?: readonly string[];
  /** The availability zone, where the source knows it. */
  readonly zone?: string;
}

/** The endpoint of the accepted master, or `undefined` while there is none and writes are held. */
export function masterOf(topology: Topology): string | undefined {
  return topology.kind === 'steady' || topology.kind === 'contested' ? topology.master : undefined;
}

/** The node with this endpoint or alias. */
export function findNode(topology: Topology, endpoint: string): TopologyNode | undefined {
  return topology.nodes.find((node) => node.endpoint === endpoint || node.aliases?.includes(endpoint));
}
