import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { findFreePort } from '../servers/free-port.js';
import { reservePort } from '../servers/reserve-port.js';

/** A TCP port that can be closed and opened again. */
export interface Listener {
  readonly endpoint: string;
  readonly host: string;
  readonly port: number;
  /** The open ones. */
  readonly sockets: ReadonlySet<Socket>;
  /** New connections are refused from now on; those that are open stay. */
  refuse(): void;
  accept(): Promise<void>;
  /** Refuses new connections and destroys the open ones. */
  stop(): Promise<void>;
}

const defaultHost = '127.0.0.1';
const attempts = 5;

export interface ListenerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: one that is free. */
  readonly port?: number;
}

export async function listen(
  onSocket: (socket: Socket) => void,
  { host = defaultHost, port: wanted }: ListenerOptions = {},
): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A peer that resets is an ordinary event here; `close` follows.
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  const port = await (wanted === undefined ? openOnFreePort(server, host) : open(server, host, wanted));
  const release = await reservePort(host, port);
  return {
    endpoint: `${host}:${port}`,
    host,
    port,
    sockets,
    refuse: () => void server.close(),
    async accept() {
      await open(server, host, port);
    },
    async stop() {
      const closed = server.listening || sockets.size > 0 ? once(server, 'close') : undefined;
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
      release?.();
    },
  };
}

async function openOnFreePort(server: Server, host: string): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort([host]);
    try {
      return await open(server, host, port);
    } catch (error) {
      if (attempt === attempts) throw error;
    }
  }
}

async function open(server: Server, host: string, port: number): Promise<number> {
  if (server.listening) return port;
  server.listen(port, host);
  await once(server, 'listening');
  return port;
}
