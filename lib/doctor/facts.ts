import type { ChangeNote } from '../topology/describe-change.js';
import type { Endpoint } from '../topology/endpoint.js';
import type { Topology, TopologyNode } from '../topology/topology.js';

/** What was gathered about the servers. A plain, immutable value without credentials. */
export interface Facts {
  readonly setup: Setup;
  /** One; in a cluster, one for each shard. */
  readonly groups: readonly Group[];
  readonly nodes: readonly NodeFacts[];
  readonly names: readonly NameFacts[];
  readonly announced: readonly AnnouncedFacts[];
  /** Empty unless Sentinels are the source. */
  readonly sentinels: readonly SentinelFacts[];
  /** Slots of a cluster that belong to no shard. */
  readonly unassignedSlots: number;
  /** What the module would have logged, each text once. */
  readonly notes: readonly ChangeNote[];
  /** How long it took to gather all this. */
  readonly tookMs: number;
}

export type SourceKind = 'static' | 'discover' | 'primary' | 'sentinel' | 'cluster';

/** How the app would connect, as far as it is of use here. */
export interface Setup {
  readonly source: SourceKind;
  /** The ACL user, as the line that grants a right names it. */
  readonly user: string;
  readonly password: 'set' | 'none';
  readonly tls: 'on' | 'off';
  readonly database: number;
  /** With its prefix; it is the name of the channel, too. */
  readonly probeKey: string;
  readonly replyTimeoutMs: number;
  readonly requireMajority: boolean;
  readonly minReplicas: number;
}

export interface Group {
  /** How texts name the shard; absent outside of a cluster. */
  readonly shard?: string;
  readonly topology: Topology;
}

export interface NodeFacts {
  readonly node: TopologyNode;
  readonly steps: readonly Step[];
  /** Whether a socket could be opened, TLS included. */
  readonly reach: Reach;
  readonly certificates: readonly Certificate[];
  /** What the port speaks instead of what the app does, where it could be found out. */
  readonly speaks?: 'plain' | 'TLS';
  /** Whether it refuses what needs no login, although it answers nothing else: it lets its clients wait. */
  readonly isPaused: boolean;
  /** What a client without credentials gets; `unknown` where the node cannot be reached. */
  readonly anonymous: 'admitted' | 'refused' | 'protected' | 'unknown';
  /** Absent unless the app could log in. */
  readonly server?: ServerFacts;
}

/** How long one step took. */
export interface Step {
  readonly name: StepName;
  readonly ms: number;
}

export type StepName =
  'dns' | 'tcp' | 'tls' | 'login' | 'info' | 'settings' | 'rights' | 'channel' | 'watcher' | 'write';

export type Reach = { readonly kind: 'open' } | Failure;

/** The message is safe to show. */
export interface Failure {
  readonly kind: 'failed';
  readonly code: string;
  readonly message: string;
}

export interface Certificate {
  readonly subject: string;
  readonly issuer: string;
  readonly daysLeft: number;
}

export interface ServerFacts {
  /** The fields of `INFO`; empty if it is forbidden. */
  readonly info: ReadonlyMap<string, string>;
  /** The addresses that it names: those of its replicas, or of its master. */
  readonly named: readonly Endpoint[];
  /** The address of its master. */
  readonly follows?: Endpoint;
  /** `CONFIG GET`; empty if it is forbidden. */
  readonly settings: ReadonlyMap<string, string>;
  readonly rights: readonly Right[];
  readonly database: 'selected' | Failure;
  /** `unconfirmed`: it may block, but the user may not run `CLIENT UNBLOCK`, which would show that a push arrives. */
  readonly watcher: 'works' | 'unconfirmed' | 'forbidden' | 'silent';
  /** `no RESP3`: the server or the options do not allow it. `unknown`: the server makes all writes wait. */
  readonly channel: Channel;
  /** The write that changes nothing; absent on replicas. */
  readonly write?: Write;
}

export type Channel =
  | { readonly kind: 'works'; readonly apps: number }
  | { readonly kind: 'silent' | 'forbidden' | 'no RESP3' | 'unknown' };

export type Write =
  | { readonly kind: 'taken' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'refused'; readonly message: string };

/** A command that an observer, a watcher or the health check sends. */
export interface Right {
  readonly name: RightName;
  readonly outcome: 'granted' | 'no command' | 'no key' | 'no channel' | 'wrong type';
}

export type RightName =
  'info' | 'xread' | 'setrange' | 'subscribe' | 'publish' | 'pubsub' | 'cluster|nodes' | 'cluster|info';

export interface NameFacts {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly ms: number;
  /** The shortest time to live, in seconds; absent where the name server does not tell it, as for `/etc/hosts`. */
  readonly ttl?: number;
}

/** An address that nodes name and the app does not. */
export interface AnnouncedFacts {
  readonly endpoint: string;
  readonly host: string;
  readonly by: readonly string[];
  readonly reach: Reach;
}

export type SentinelFacts = { readonly endpoint: string } & (
  | { readonly kind: 'unusable'; readonly reason: string }
  | {
      readonly kind: 'usable';
      readonly mode: 'normal' | 'tilt';
      readonly master?: string;
      /** How many Sentinels it knows, itself included. */
      readonly known: number;
      /** What `SENTINEL CKQUORUM` complains about. */
      readonly quorum: 'reached' | 'unknown' | { readonly complaint: string };
    }
);
