import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { joinSockets } from './link.js';
import type { Direction, Flow, Link, LinkPorts } from './link.js';
import { listen } from './listener.js';
import type { ListenerOptions } from './listener.js';

export interface TcpProxy {
  readonly endpoint: string;
  readonly host: string;
  readonly port: number;
  /** How many clients are connected now. */
  readonly connections: number;
  /** Destroys connections on both sides; default: all. */
  cut(which?: (link: LinkPorts) => boolean): void;
  /**
   * What is sent in this direction is lost from now on, the closing of a connection included; the sockets stay
   * open and new ones are accepted, as with a server that hangs.
   */
  partition(direction: Direction | 'both'): void;
  /** The server receives and executes commands; its replies are lost. */
  swallowReplies(): void;
  /** From now on, what the server sends arrives this much later, in the same order. */
  slowTo(delayMs: number): void;
  /** Does one of these to some of the connections, those to come included. Returns how to end it. */
  impair(impairment: Impairment): () => void;
  /** Forwards bytes again. Lost bytes stay lost; a close that was held back is passed on now. */
  heal(): void;
  /** New connections are refused; those that are open stay. */
  refuse(): void;
  accept(): Promise<void>;
  /** New connections lead to another server, as behind a balancer or a name; those that are open stay where they are. */
  leadTo(port: number, host?: string): void;
  stop(): Promise<void>;
}

export interface Impairment {
  /** Default: all connections. */
  readonly concerns?: (link: LinkPorts) => boolean;
  /** The directions in which everything is lost. */
  readonly lost?: readonly Direction[];
  /** How late arrives what the server sends. */
  readonly delayMs?: number;
  /** In both directions, everything waits until this ends, as TCP sends again what has not arrived. */
  readonly isHeld?: boolean;
}

export interface ProxyOptions extends ListenerOptions {
  /** Where the server listens; default 127.0.0.1. */
  readonly targetHost?: string;
  /** Changes what the server sends. */
  readonly rewrite?: ((reply: Buffer) => Buffer) | undefined;
}

/**
 * A proxy between a client and a server that loses data on request. If the server does not listen, the client's
 * connection is accepted and closed at once.
 */
export async function startProxy(
  targetPort: number,
  { targetHost = '127.0.0.1', rewrite = (reply) => reply, ...options }: ProxyOptions = {},
): Promise<TcpProxy> {
  let target = { host: targetHost, port: targetPort };
  const links = new Set<Link>();
  const { flowOf, ...harm } = createHarm(() => links.forEach((link) => link.catchUp()));
  const listener = await listen((client) => {
    const server = connectTo(target.host, target.port);
    const link = joinSockets({ client, server, rewrite }, flowOf);
    links.add(link);
    // While a close is held back, one side is still open and has to be found by `heal`.
    onceBothClosed(client, server, () => links.delete(link));
  }, options);
  const cut: TcpProxy['cut'] = (which = () => true) =>
    links.forEach((link) => which(link.ports) && link.cut());
  return {
    ...harm,
    endpoint: listener.endpoint,
    host: listener.host,
    port: listener.port,
    get connections() {
      return listener.sockets.size;
    },
    cut,
    refuse: () => listener.refuse(),
    accept: () => listener.accept(),
    leadTo: (port, host = target.host) => void (target = { host, port }),
    async stop() {
      cut();
      await listener.stop();
    },
  };
}

type Harm = Pick<TcpProxy, 'partition' | 'swallowReplies' | 'slowTo' | 'impair' | 'heal'>;

/** What is done to the connections at this moment. */
function createHarm(
  catchUp: () => void,
): Harm & { readonly flowOf: (direction: Direction, link: LinkPorts) => Flow } {
  let whole: Impairment = {};
  const partial = new Set<Impairment>();
  const partition = (direction: Direction | 'both') => {
    whole = { ...whole, lost: direction === 'both' ? ['toServer', 'toClient'] : [direction] };
  };
  return {
    flowOf: (direction, link) =>
      flowUnder(
        [whole, ...partial].filter(({ concerns }) => concerns?.(link) ?? true),
        direction,
      ),
    partition,
    swallowReplies: () => partition('toClient'),
    slowTo: (delayMs) => void (whole = { ...whole, delayMs }),
    impair(impairment) {
      partial.add(impairment);
      return () => {
        partial.delete(impairment);
        catchUp();
      };
    },
    heal() {
      whole = {};
      partial.clear();
      catchUp();
    },
  };
}

function flowUnder(impairments: readonly Impairment[], direction: Direction): Flow {
  const delays = impairments.map(({ delayMs = 0, isHeld = false }) => {
    const ofReplies = direction === 'toClient' ? delayMs : 0;
    return isHeld ? Infinity : ofReplies;
  });
  return {
    isLost: impairments.some(({ lost = [] }) => lost.includes(direction)),
    delayMs: Math.max(0, ...delays),
  };
}

function onceBothClosed(client: Socket, server: Socket, then: () => void): void {
  for (const socket of [client, server]) {
    socket.once('close', () => client.closed && server.closed && then());
  }
}

function connectTo(host: string, port: number): Socket {
  const socket = connect({ host, port, noDelay: true });
  // A refused or reset connection is passed on as a close.
  socket.on('error', () => undefined);
  return socket;
}
