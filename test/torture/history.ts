import type { Counter } from './keys.js';

/** The history of a run, as plain values, for the checks and the report. Times are of `performance.now()`. */
export interface History {
  readonly operations: readonly Operation[];
  readonly successions: readonly Succession[];
  readonly views: readonly View[];
  readonly deliveries: readonly Delivery[];
  readonly faults: readonly Fault[];
  /** Failures that the run itself detected: an app made no progress, or something was left behind. */
  readonly incidents: readonly string[];
}

/**
 * `push` appends its id to the log, `pair` to two lists in one transaction, `offer` to the queue; `take` is a blocking
 * read of the queue, `read` reads the end of the log.
 */
export type OperationKind = 'push' | 'pair' | 'increment' | 'offer' | 'take' | 'publish' | 'read';

/** How a command was issued: each has a path of its own through the library. */
export type Way =
  | 'plain'
  | 'defined script'
  | 'EVAL'
  | 'pipeline'
  | 'auto-pipeline'
  | 'commandTimeout'
  | 'MULTI'
  | 'MULTI with commandTimeout'
  | 'MULTI one by one'
  | 'MULTI under WATCH'
  | 'BLPOP'
  | 'reader';

export interface Operation {
  /** Unique in the run, and the value that it writes. */
  readonly id: string;
  readonly app: string;
  readonly kind: OperationKind;
  readonly way: Way;
  readonly counter?: Counter;
  readonly issuedAt: number;
  /** Absent while it is under way. */
  readonly endedAt?: number;
  readonly end?: End;
}

export type End =
  | { readonly kind: 'done'; readonly value: Reply }
  | { readonly kind: 'not applied' }
  | { readonly kind: 'unknown' }
  /** `EXEC` answered nil, because a key under `WATCH` had changed. */
  | { readonly kind: 'aborted' }
  /** By `commandTimeout`; `held` where no connection was ready from the call to the rejection. */
  | { readonly kind: 'timed out'; readonly held: boolean }
  | { readonly kind: 'failed'; readonly message: string };

export type Reply = number | string | readonly string[] | null;

/** What the lists and counters of one server held at one moment, read without the library. */
export interface Contents {
  readonly log: readonly string[];
  readonly left: readonly string[];
  readonly right: readonly string[];
  readonly queue: readonly string[];
  readonly pairs: number;
  readonly counters: Readonly<Record<Counter, number>>;
}

/** The position at which an heir left the history of its master, read in the transaction that promoted it. */
export interface Fork {
  /** Lengths of the lists; everything before them the two have in common. */
  readonly log: number;
  readonly left: number;
  readonly right: number;
  readonly queue: readonly string[];
  readonly pairs: number;
  readonly counters: Readonly<Record<Counter, number>>;
}

/** One master superseded by another, with everything that the old one executed and the new one never received. */
export interface Succession {
  readonly fault: string;
  readonly from: string;
  readonly to: string;
  /** Just before the promotion was ordered. */
  readonly promotedAt: number;
  /** Whether this kind of change may lose writes at all: a planned one must not. */
  readonly mayLose: boolean;
  readonly fork: Fork;
  /** Lists from the fork on; queue and counters as they were at the end. */
  readonly tail: Contents;
  /** By offsets; absent where the old master was restarted, since that begins a new history. */
  readonly lostBytes?: number | undefined;
  /** Changes to the old master's data after both apps had left it for the heir. */
  readonly lateWrites: number;
}

/** What one app held to be the topology from this moment on. */
export interface View {
  readonly app: string;
  readonly at: number;
  readonly generation: number;
  /** The name of the node. */
  readonly master?: string;
}

/** A message that a subscriber received. */
export interface Delivery {
  readonly app: string;
  readonly id: string;
}

export interface Fault {
  readonly name: string;
  readonly stallMs: number;
}
