import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { listen } from './listener.js';
import type { ListenerOptions } from './listener.js';

export type Direction = 'toServer' | 'toClient';

export interface TcpProxy {
  readonly endpoint: string;
  readonly host: string;
  readonly port: number;
  /** How many clients are connected now. */
  readonly connections: number;
  /** Destroys every connection, on both sides. */
  cut(): void;
  /**
   * What is sent in this direction is lost from now on, the closing of a connection included; the sockets stay
   * open and new ones are accepted, as with a server that hangs.
   */
  partition(direction: Direction | 'both'): void;
  /** The server receives and executes commands; its replies are lost. */
  swallowReplies(): void;
  /** Forwards bytes again. Lost bytes stay lost; a close that was held back is passed on now. */
  heal(): void;
  /** New connections are refused; those that are open stay. */
  refuse(): void;
  accept(): Promise<void>;
  /** New connections lead to another server, as behind a balancer or a name; those that are open stay where they are. */
  leadTo(port: number, host?: string): void;
  stop(): Promise<void>;
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
  let lost: readonly Direction[] = [];
  const flows = (direction: Direction) => !lost.includes(direction);
  const links = new Set<Link>();
  const listener = await listen((client) => {
    const server = connectTo(target.host, target.port);
    const link = joinSockets({ client, server, rewrite }, flows);
    links.add(link);
    // While a close is held back, one side is still open and has to be found by `heal`.
    onceBothClosed(client, server, () => links.delete(link));
  }, options);
  const cut = () => links.forEach((link) => link.cut());
  const partition = (direction: Direction | 'both') => void (lost = directionsIn(direction));
  return {
    endpoint: listener.endpoint,
    host: listener.host,
    port: listener.port,
    get connections() {
      return listener.sockets.size;
    },
    cut,
    partition,
    swallowReplies: () => partition('toClient'),
    heal() {
      lost = [];
      links.forEach((link) => link.passOnClose());
    },
    refuse: () => listener.refuse(),
    accept: () => listener.accept(),
    leadTo: (port, host = target.host) => void (target = { host, port }),
    async stop() {
      cut();
      await listener.stop();
    },
  };
}

function directionsIn(direction: Direction | 'both'): readonly Direction[] {
  return direction === 'both' ? ['toServer', 'toClient'] : [direction];
}

interface Link {
  cut(): void;
  /** Closes the peer of a closed socket if bytes flow in that direction. */
  passOnClose(): void;
}

interface Ends {
  readonly client: Socket;
  readonly server: Socket;
  readonly rewrite: (reply: Buffer) => Buffer;
}

function joinSockets({ client, server, rewrite }: Ends, flows: (direction: Direction) => boolean): Link {
  const toServer = pipe(client, { to: server, pass: (chunk) => chunk }, () => flows('toServer'));
  const toClient = pipe(server, { to: client, pass: rewrite }, () => flows('toClient'));
  return {
    cut() {
      client.destroy();
      server.destroy();
    },
    passOnClose() {
      toServer();
      toClient();
    },
  };
}

function onceBothClosed(client: Socket, server: Socket, then: () => void): void {
  for (const socket of [client, server]) {
    socket.once('close', () => client.closed && server.closed && then());
  }
}

interface Outlet {
  readonly to: Socket;
  readonly pass: (chunk: Buffer) => Buffer;
}

function pipe(from: Socket, { to, pass }: Outlet, flows: () => boolean): () => void {
  const passOnClose = () => {
    if (from.closed && flows()) to.destroySoon();
  };
  from.on('data', (chunk: Buffer) => {
    if (flows() && to.writable) to.write(pass(chunk));
  });
  from.once('close', passOnClose);
  return passOnClose;
}

function connectTo(host: string, port: number): Socket {
  const socket = connect({ host, port, noDelay: true });
  // A refused or reset connection is passed on as a close.
  socket.on('error', () => undefined);
  return socket;
}
