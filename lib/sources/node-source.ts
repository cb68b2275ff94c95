import type { Observable, SchedulerLike } from 'rxjs';
import type { LogCode } from '../topology/log-code.js';
import type { LogLine } from '../topology/log-line.js';
import type { Endpoint } from '../topology/endpoint.js';
import type { Observation } from '../topology/observation.js';
import type { Signal } from '../topology/signal.js';

/**
 * The nodes of a replication group, as an observable that emits the complete list each time it changes. A source never
 * decides which node is the master. If it fails, or emits anything but a list of endpoints, the log names the fault, the
 * last list stays in use, and the source is called again after a second. If it completes, the last list is final.
 *
 * @example
 * ```ts
 * const fromInventory: NodeSource = () =>
 *   timer(0, 30_000).pipe(
 *     switchMap(() => fetchInventory()),
 *     map((machines) => machines.map(({ address }) => ({ host: address, port: 6379 }))),
 *   );
 * ```
 * @publicApi
 */
export type NodeSource = (context: SourceContext) => Observable<readonly SourceNode[]>;

/**
 * A node in the list of a source.
 *
 * @publicApi
 */
export interface SourceNode extends Endpoint {
  /**
   * The source knows that this node is meant to be the master, as a DNS name or the API of a cloud does. This settles
   * only what the nodes themselves leave open; see M19 in `docs/who-is-master.md`.
   */
  readonly intended?: 'master';
  /**
   * The source has derived this address, as one of several behind a name or one that a node announces, and it may lead to
   * no server. It counts for `requireMajority` once it has answered. Default `false`.
   */
  readonly derived?: boolean;
  /**
   * With `ask first`, the node is asked without the user's credentials before it is sent them. One that answers then, and
   * whose replication history is not that of the group, is not sent them and not used. Default: they are sent at once.
   */
  readonly credentials?: 'ask first';
  /** The availability zone of the node, as its provider names it. The topology repeats it. */
  readonly zone?: string;
}

/**
 * What a source can react to while it runs.
 *
 * @publicApi
 */
export interface SourceContext {
  /** The result of each probe. */
  readonly observations$: Observable<Observation>;
  /** Reasons to probe again, such as a closed connection or a refused write. */
  readonly signals$: Observable<Signal>;
  /** Whether no master is known: emits the present state, then each change. */
  readonly seeking$: Observable<boolean>;
  /** The option `redis.family`: 4 or 6 if only such addresses are to be used, else 0 or absent. */
  readonly family?: number | undefined;
  /**
   * Probes every node at once, for a source that learns that something happened, such as an event of a Sentinel. The
   * signal has the kind `source event`. Absent where the source is run by a test.
   */
  readonly probe?: (() => void) | undefined;
  /** What the app sends to the nodes, and how. Absent where the source is run by a test. */
  readonly security?: SourceSecurity | undefined;
  /** Tells operators of a state that lasts. Absent where the source is run by a test. */
  readonly notices?: SourceNotices | undefined;
  /** The scheduler to use for timers, so that tests can control time. */
  readonly scheduler: SchedulerLike;
}

/** @publicApi */
export interface SourceSecurity {
  /** Whether the app has a password. */
  readonly password: boolean;
  /** Whether all connections use TLS. Otherwise those do whose node has `tls`. */
  readonly tls: boolean;
  /** Whether a TLS connection requires a certificate for the name of its node. */
  readonly verifies: boolean;
}

/** @publicApi */
export interface SourceNotices {
  /**
   * Logs a warning, once until the topic ends. `told` is a text, or a text with the values in it as facts for JSON logs.
   * `code` is the code of the line in the log. Default `RR300`.
   */
  readonly raise: (topic: string, told: string | LogLine, code?: LogCode) => void;
  /** Logs that the topic is over, if it was raised. `code` is the code of the line in the log. Default `RR301`. */
  readonly end: (topic: string, told: string | LogLine, code?: LogCode) => void;
}
