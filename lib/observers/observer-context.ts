import type { Observable, SchedulerLike } from 'rxjs';
import type { NodeFleet } from '../fleet/node-fleet.js';
import type { Endpoint } from '../topology/endpoint.js';
import type { NodeReport, Observation } from '../topology/observation.js';
import type { Signal, SignalKind } from '../topology/signal.js';
import type { ConnectControl } from './control-connection.js';
import type { ServerMode } from './server-mode.js';
import type { LogCode } from '../topology/log-code.js';
import type { LogLine } from '../topology/log-line.js';

/** What the observer of one node needs. */
export interface ObserverContext {
  readonly endpoint: Endpoint;
  readonly connect: ConnectControl;
  /** All apps that watch the node. */
  readonly fleet: NodeFleet;
  /** The channel on which the apps of the fleet publish. */
  readonly channel: string;
  /**
   * The kind of server that the node must be. Default `plain`. In a cluster no watcher is needed: a demoted master says
   * `MOVED` to the first write.
   */
  readonly mode?: ServerMode;
  /** The key on which the watcher blocks. It never exists. */
  readonly probeKey: string;
  /** The database that the app uses. The user may have no access to another. */
  readonly database: number;
  /** A node that does not answer a probe within this time is suspect. */
  readonly replyTimeoutMs: number;
  /** The limit for dial, TLS and handshake together. */
  readonly connectTimeoutMs: number;
  /** Whether a node that answers no commands is running nevertheless. */
  readonly isServing: () => Observable<boolean>;
  readonly scheduler: SchedulerLike;
  /** Emits when the next probe is due, given the result of the last one. */
  readonly nextProbe: (last: Observation) => Observable<unknown>;
  /** Must be called when a probe begins. Returns the reason for the probe. */
  readonly beginProbe: () => Signal;
  /**
   * Absent, or `undefined` by now, if the node may be sent the credentials at once. Otherwise it is asked without them, and
   * a report that it gives then must be of the group.
   */
  readonly vetting?: () => ((report: NodeReport) => boolean) | undefined;
  /** Emits when the node is to be dialled anew: its address may lead to another server by now. */
  readonly redial$: Observable<RedialReason>;
  readonly emit: (kind: SignalKind, endpoint: Endpoint) => void;
  /** Reports, once, something that an operator should know. */
  readonly notify: (told: LogLine, code: LogCode) => void;
}

/**
 * - `no master`: concerns nodes that report `replica`.
 * - `wrong role`: a new connection has shown another role or process than the observed one.
 */
export type RedialReason = 'no master' | 'wrong role';
