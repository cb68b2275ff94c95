import type { Observable, SchedulerLike } from 'rxjs';
import type { NodeFleet } from '../fleet/node-fleet.js';
import type { Endpoint } from '../topology/endpoint.js';
import type { Observation } from '../topology/observation.js';
import type { Signal, SignalKind } from '../topology/signal.js';
import type { ConnectControl } from './control-connection.js';

/** What the observer of one node works with. */
export interface ObserverContext {
  readonly endpoint: Endpoint;
  readonly connect: ConnectControl;
  /** All apps that watch the node. */
  readonly fleet: NodeFleet;
  /** The channel on which the apps of the fleet publish. */
  readonly channel: string;
  /** A key that never exists: the watcher blocks on it. */
  readonly probeKey: string;
  /** A node that has not answered a probe by then is suspect. */
  readonly replyTimeoutMs: number;
  /** Bounds dial, TLS and handshake together. */
  readonly connectTimeoutMs: number;
  /** Whether a node that answers no command is at work nevertheless. */
  readonly isServing: () => Observable<boolean>;
  readonly scheduler: SchedulerLike;
  /** Emits when the next probe is due, given what the last one saw. */
  readonly nextProbe: (last: Observation) => Observable<unknown>;
  /** A probe begins. Returns the reason for it. */
  readonly beginProbe: () => Signal;
  readonly emit: (kind: SignalKind, endpoint: Endpoint) => void;
  /** Something an operator should know once. */
  readonly notify: (text: string) => void;
}
