import type { Socket } from 'node:net';
import type { Observable, Subscription } from 'rxjs';
import type { TopologyStream } from '../../stream/topology-stream.js';
import type { Notices } from '../../notices/notices.js';
import type { Endpoint } from '../../topology/endpoint.js';
import type { Pick } from '../../topology/pick.js';
import type { NodeFault } from '../../topology/observation.js';
import type { Topology, TopologyNode } from '../../topology/topology.js';

/** What counts the lines of one kind. Unlike a client, it is not told why. */
export interface LineWatch {
  readonly opened: () => void;
  readonly closed: () => void;
  /** An attempt to connect to the node has failed. */
  readonly failed: (node: string, fault: NodeFault) => void;
}

/** The settings of a line. */
export interface LineSettings {
  readonly stream: TopologyStream;
  /** Which node to use, given the endpoint in use. */
  readonly choose: (topology: Topology, current: string | undefined) => Pick;
  /** Nodes that may be promoted while there is none to use. Sockets to them are opened in advance. Default: none. */
  readonly candidates?: (topology: Topology) => readonly TopologyNode[];
  /** Opens a socket to a node. */
  readonly reach: (endpoint: Endpoint) => Observable<Socket>;
  /**
   * How long to wait for the missing replies of a node that is left, in milliseconds, from when there is another node to
   * go to. Four times as long while there is none.
   */
  readonly drainMs: number;
  /** Told when a node cannot be connected to, and when it can again. Duplicates share it. */
  readonly notices: Notices;
  /** How long a node may take from the connected socket to the end of the handshake, in milliseconds. */
  readonly handshakeMs: number;
  readonly watch?: LineWatch | undefined;
}

/** The connection whose socket the line provides. */
export interface LineClient {
  /** The server is the one that was picked. The end of the handshake is next. */
  readonly onVerified: () => void;
  /** Commands may be written now. */
  readonly onOpen: () => void;
  /** Commands may not be written any more. */
  readonly onShut: () => void;
  /** The socket is gone. Commands that were written but not answered get no reply any more. */
  readonly onLost: (node: string) => void;
  /**
   * Calls back as soon as all commands are answered except blocking reads, which are sent again anyway. A master that
   * hands over answers other blocking commands too: it refuses those that it postponed and ends those that wait.
   */
  readonly whenDrained: (callback: () => void) => Subscription;
  /** The topology stream has completed, so there will be no node any more. */
  readonly onEnd: () => void;
}

/** The state of a line. Commands are written only in `open`. */
export type LineState =
  | { readonly kind: 'waiting'; readonly reason: string }
  | { readonly kind: 'handshake'; readonly endpoint: string; readonly socket: Socket }
  | { readonly kind: 'open'; readonly endpoint: string; readonly socket: Socket }
  /** The node is suspect and no other is known to be better: nothing is written, but replies may still arrive. */
  | {
      readonly kind: 'suspended';
      readonly endpoint: string;
      readonly socket: Socket;
      readonly reason: string;
    }
  /** Another node must be used, or this one refused a command: nothing is written; the socket closes once drained. */
  | { readonly kind: 'leaving'; readonly endpoint: string; readonly socket: Socket; readonly reason: string };

/** Why nothing is written in this state, as text for an error. */
export function reasonToWait(state: LineState): string {
  return 'reason' in state ? state.reason : `connecting to ${state.endpoint}`;
}

/**
 * Which state may follow which. Other transitions are refused and change nothing, because a socket event can arrive after
 * the line has moved on.
 */
export const lineTransitions = {
  waiting: ['handshake'],
  // Each state can change to `handshake`: an app that disconnects and immediately connects gets its next socket before
  // the close of the previous one is reported.
  handshake: ['open', 'leaving', 'waiting', 'handshake'],
  open: ['suspended', 'leaving', 'waiting', 'handshake'],
  suspended: ['open', 'leaving', 'waiting', 'handshake'],
  leaving: ['waiting', 'handshake'],
} as const satisfies Readonly<Record<LineState['kind'], readonly LineState['kind'][]>>;

export function isTransition(from: LineState['kind'], to: LineState['kind']): boolean {
  const next: readonly LineState['kind'][] = lineTransitions[from];
  return next.includes(to);
}
