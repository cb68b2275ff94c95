import type { Endpoint } from './endpoint.js';
import type { NodeFault, ReplicaLink } from './observation.js';
import type { SignalKind } from './signal.js';

/**
 * What we conclude from all observations. A plain, immutable value: safe to log and to serialise, without any
 * credential in it.
 *
 * - `unknown`: no master was accepted yet, and not every node has been looked at.
 * - `steady`: one master.
 * - `masterless`: no node is a master we may write to; commands are held.
 * - `contested`: a node says master whose claim nobody can prove. `master` is set where the accepted master is
 *   still there and nothing supersedes it; writes stay with it. Otherwise commands are held.
 *
 * @publicApi
 */
export type Topology = TopologyFacts &
  (
    | { readonly kind: 'unknown' }
    | { readonly kind: 'steady'; readonly master: string }
    | { readonly kind: 'masterless' }
    | { readonly kind: 'contested'; readonly master?: string; readonly claimants: readonly string[] }
  );

export type TopologyKind = Topology['kind'];

interface TopologyFacts {
  /** Grows by one at each accepted change of master; 0 before the first. */
  readonly generation: number;
  /** What made us look when `kind` or `master` changed last. */
  readonly cause: SignalKind;
  /** When `kind` or `master` changed last, in milliseconds since the epoch. */
  readonly changedAt: number;
  readonly nodes: readonly TopologyNode[];
  /** The last accepted change of master, absent until the first. */
  readonly lastFailover?: Failover;
  /** The last loss of acknowledged writes that could be proven, absent where there was none. */
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
  /** From the first sign that the old master was gone to the acceptance of the new one, in milliseconds. */
  readonly tookMs: number;
  readonly cause: SignalKind;
}

/**
 * Acknowledged writes that the group no longer has.
 *
 * - `not replicated`: asynchronous replication had not copied them to the master that was promoted. Grows while the
 *   superseded master goes on taking writes of others.
 * - `restarted behind`: the master came back without its last writes, from an older copy of its data.
 * - `restarted empty`: the master came back without its data.
 *
 * @publicApi
 */
export interface DataLoss {
  readonly kind: 'not replicated' | 'restarted behind' | 'restarted empty';
  readonly endpoint: string;
  /** At least this many bytes of the replication stream. */
  readonly bytes: number;
  /** When it was first seen, in milliseconds since the epoch. */
  readonly at: number;
}

/**
 * One node as the topology sees it.
 *
 * - `master`: the master writes go to. `replica`: says replica.
 * - `stale`: says master, but another node provably took over. `contender`: says master, unproven.
 * - `unusable`: unreachable or not a server of this group; `fault` says why. `pending`: not looked at yet.
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
        /** Replication offset in bytes. */
        readonly offset?: number;
        /** Replicas only: the link to their master. */
        readonly link?: ReplicaLink;
        /** Replicas only: bytes behind the master, where both offsets are known and on one history. */
        readonly lagBytes?: number;
        /**
         * Replicas only: `false` where it replicates from another master than the accepted one. Absent while there is no
         * master, and where it has not been looked at since there is this one.
         */
        readonly following?: boolean;
        /** Replicas only: `true` where it replicates a history that the accepted master's does not continue. */
        readonly astray?: true;
        /** Stale masters only: bytes they took that the master does not have, where that can be told. */
        readonly lostBytes?: number;
      }
    | {
        readonly kind: 'unusable';
        readonly reachable: false;
        readonly fault: NodeFault;
        readonly message: string;
      }
    | { readonly kind: 'pending'; readonly reachable: false }
  );

interface NodeIdentity {
  /** `host:port`. */
  readonly endpoint: string;
  readonly address: Endpoint;
  /** Other endpoints that turned out to be the same server process. */
  readonly aliases?: readonly string[];
}

/** The endpoint writes go to, or `undefined` while they are held. */
export function masterOf(topology: Topology): string | undefined {
  return topology.kind === 'steady' || topology.kind === 'contested' ? topology.master : undefined;
}

/** The node under this endpoint or under one that turned out to be the same server. */
export function findNode(topology: Topology, endpoint: string): TopologyNode | undefined {
  return topology.nodes.find((node) => node.endpoint === endpoint || node.aliases?.includes(endpoint));
}
