import { createHash } from 'node:crypto';
import type { Topology } from '../../lib/topology/topology.js';
import type { VirtualClock } from './clock.js';

/** Which connection of the app a command was issued on. */
export type Via = 'writer' | 'reader' | 'duplicate';

/** How a command ended for its caller. */
export type Outcome =
  /** `value` as JSON. */
  | { readonly outcome: 'done'; readonly value: string }
  | { readonly outcome: 'not applied'; readonly message: string }
  | { readonly outcome: 'unknown'; readonly message: string }
  /** The server's own error. */
  | { readonly outcome: 'refused'; readonly message: string }
  /** Any other error, which does not show whether the command was executed. */
  | { readonly outcome: 'failed'; readonly message: string };

/** The actual state of a node, regardless of what it reports or the app knows. */
export interface NodeTruth {
  readonly node: string;
  /** Whether the app gets its answers in time, on a new connection as well. */
  readonly reachable: boolean;
  /** Whether it has died for good. */
  readonly isGone: boolean;
  /** Whether the app gets no answer at all. */
  readonly isSilent: boolean;
  /** Whether it refuses only what its role forbids. */
  readonly isClear: boolean;
  readonly role: 'master' | 'replica';
  readonly runId: string;
  readonly id: string;
  readonly previousId: string | undefined;
  /** Replicas with a link that is up: the node they replicate from. */
  readonly follows: string | undefined;
  /** Whether a full synchronisation is about to replace its history. */
  readonly isSyncing: boolean;
  /** M21: whether somebody writes into what it says of itself. */
  readonly isForged: boolean;
  /** How often it has been asked for its state since the schedule began. */
  readonly probes: number;
}

/** The actual state of the group and the resources of the app at one moment. */
export interface Sample {
  readonly nodes: readonly NodeTruth[];
  /** The server the writer is ready on. */
  readonly writer: string | undefined;
  readonly held: number;
  readonly timers: number;
  readonly sockets: number;
}

export type Happening =
  | {
      readonly kind: 'issued';
      readonly op: string;
      readonly via: Via;
      readonly name: string;
      readonly effect: 'read' | 'write';
      /** Commands of one transaction have it in common. */
      readonly transaction?: string;
      /** Its transaction was begun under a `WATCH` that the server had confirmed. */
      readonly watches?: boolean;
    }
  | {
      readonly kind: 'written';
      readonly op: string;
      readonly connection: number;
      /** As the app calls it. */
      readonly node: string;
      readonly server: string;
    }
  | {
      readonly kind: 'executed';
      readonly op: string;
      readonly connection: number;
      readonly node: string;
      /** As JSON. */
      readonly reply: string;
      /** Commands executed by one `EXEC` have it in common. */
      readonly exec?: string;
      /** That `EXEC` found keys under `WATCH`. */
      readonly underWatch?: boolean;
    }
  | ({ readonly kind: 'settled'; readonly op: string } & Outcome)
  | { readonly kind: 'topology'; readonly subscriber: 'first' | 'late'; readonly topology: Topology }
  | { readonly kind: 'dialled'; readonly node: string }
  | { readonly kind: 'message'; readonly op: string }
  | { readonly kind: 'fault'; readonly text: string }
  | { readonly kind: 'server'; readonly node: string; readonly text: string }
  | { readonly kind: 'sample'; readonly sample: Sample }
  | { readonly kind: 'milestone'; readonly name: Milestone; readonly node?: string }
  | { readonly kind: 'note'; readonly text: string }
  /** An uncaught error. */
  | { readonly kind: 'uncaught'; readonly text: string };

export type Milestone =
  /** All faults have ended: there is one master, which the others follow. */
  | 'healed'
  | `${'write' | 'read' | 'publish'} works`
  /** Nothing happens any more until the app is closed, but the clock of the app's machine may have been set. */
  | 'calm'
  /** A server has pushed the last step of a failover; `node` is the master from then on. */
  | 'pushed'
  | 'closing'
  | 'closed'
  /** The time limit for closing has passed. */
  | 'must be closed'
  /** Every server has executed what was sent to it, and no event is left. */
  | 'end';

export type Entry = Happening & { readonly at: number };

/** Everything that happened in one schedule, in order. */
export class History {
  readonly entries: Entry[] = [];
  readonly #clock: Pick<VirtualClock, 'now'>;

  constructor(clock: Pick<VirtualClock, 'now'>) {
    this.#clock = clock;
  }

  add(happening: Happening): void {
    this.entries.push({ at: this.#clock.now, ...happening });
  }
}

/** Equal for two schedules with the same entries. */
export function digestOf(entries: readonly Entry[]): string {
  return createHash('sha256')
    .update(entries.map((entry) => JSON.stringify(entry)).join('\n'))
    .digest('hex');
}

/** Each command of the load carries its own name, as its last argument or at the end of its key. */
export function opOf(request: readonly string[]): string | undefined {
  return request.findLast((part) => OP.test(part))?.match(OP)?.[1];
}

const OP = /(?:^|:)(op\d+)$/;
