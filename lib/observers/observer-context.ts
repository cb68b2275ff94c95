import type { Observable, SchedulerLike } from 'rxjs';
import type { Endpoint } from '../topology/endpoint.js';
import type { Observation } from '../topology/observation.js';
import type { Signal, SignalKind } from '../topology/signal.js';
import type { ConnectControl } from './control-connection.js';
import type { Crowd } from '../fleet/fleet-size.js';

/** What the observer of one node works with. */
export interface ObserverContext {
  readonly endpoint: Endpoint;
  readonly connect: ConnectControl;
  /** A key that never exists: the watcher blocks on it. */
  readonly probeKey: string;
  /** On which apps that watch the node tell one another of a promotion. */
  readonly channel: string;
  /** A probe that is not answered within this time makes the node suspect. */
  readonly replyTimeoutMs: number;
  /** Dial, TLS and handshake together. */
  readonly connectTimeoutMs: number;
  /** Whether the node does anything at all: asked where it answers no command. */
  readonly isServing: () => Observable<boolean>;
  readonly scheduler: SchedulerLike;
  /** Says when the next look is due, given what the last one saw. */
  readonly nextLook: (last: Observation) => Observable<unknown>;
  /** A look begins: says why. */
  readonly beginLook: () => Signal;
  readonly emit: (kind: SignalKind, endpoint: Endpoint) => void;
  /** How long to wait, in milliseconds, with what all apps that watch the node want to do at the same moment. */
  readonly spreadMs: () => number;
  /** How many apps watch the node. */
  readonly counted: (crowd: Crowd) => void;
  /** Another app, or this one, has announced something. */
  readonly heard: (news: string) => void;
  /** What is to be announced on this node. */
  readonly announce$: Observable<string>;
  /** Something an operator should know once. */
  readonly notify: (text: string) => void;
}
