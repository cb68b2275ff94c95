import type { Socket } from 'node:net';
import type { Observable, Subscription } from 'rxjs';
import type { TopologyStream } from '../../stream/topology-stream.js';
import type { Endpoint } from '../../topology/endpoint.js';
import type { Pick } from '../../topology/pick.js';
import type { Topology, TopologyNode } from '../../topology/topology.js';

/** What a connection needs to follow the topology. */
export interface LineSettings {
  readonly stream: TopologyStream;
  /** Whom to use, given the endpoint in use. */
  readonly choose: (topology: Topology, current: string | undefined) => Pick;
  /** Who may be promoted while there is no node to use; sockets to them are opened in advance. Default: nobody. */
  readonly candidates?: (topology: Topology) => readonly TopologyNode[];
  /** Opens a socket to a node. */
  readonly reach: (endpoint: Endpoint) => Observable<Socket>;
  /** How long replies that are under way on a node we leave may take, in milliseconds. */
  readonly drainMs: number;
  /** How long a node may take from the connected socket to the end of the handshake, in milliseconds. */
  readonly handshakeMs: number;
}

/** The connection whose socket the line provides. */
export interface LineClient {
  /** Commands may be written now. */
  readonly onOpen: () => void;
  /** Commands may not be written any more. */
  readonly onShut: () => void;
  /** The socket is gone; what was written and not answered will not be. */
  readonly onLost: (node: string) => void;
  /** Calls back once nothing is in flight that will be answered soon. */
  readonly whenDrained: (callback: () => void) => Subscription;
  /** There will be no node any more. */
  readonly onEnd: () => void;
}

/** Where a connection stands. Commands are written in `open` only. */
export type LineState =
  | { readonly kind: 'waiting'; readonly reason: string }
  | { readonly kind: 'handshake'; readonly endpoint: string; readonly socket: Socket }
  | { readonly kind: 'open'; readonly endpoint: string; readonly socket: Socket }
  /** The node is suspect and no better one is known: nothing is written, replies may still come. */
  | {
      readonly kind: 'suspended';
      readonly endpoint: string;
      readonly socket: Socket;
      readonly reason: string;
    }
  /** Another node is to be used, or this one refused: nothing is written, the socket goes when replies are in. */
  | { readonly kind: 'leaving'; readonly endpoint: string; readonly socket: Socket; readonly reason: string };

/** Why nothing is written in this state, in words for the caller of a command. */
export function reasonToWait(state: LineState): string {
  return 'reason' in state ? state.reason : `connecting to ${state.endpoint}`;
}

/**
 * Which state may follow which. A socket event can arrive after the line has moved on, so what is not listed here is
 * refused and changes nothing.
 */
export const lineTransitions = {
  waiting: ['handshake'],
  // Also from each state to `handshake`: an app that disconnects and connects at once gets its next socket before the
  // close of the one before it is reported.
  handshake: ['open', 'leaving', 'waiting', 'handshake'],
  open: ['suspended', 'leaving', 'waiting', 'handshake'],
  suspended: ['open', 'leaving', 'waiting', 'handshake'],
  leaving: ['waiting', 'handshake'],
} as const satisfies Readonly<Record<LineState['kind'], readonly LineState['kind'][]>>;

/** Whether the line may go from one state to the other. */
export function isTransition(from: LineState['kind'], to: LineState['kind']): boolean {
  const next: readonly LineState['kind'][] = lineTransitions[from];
  return next.includes(to);
}
