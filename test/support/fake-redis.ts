import type { Socket } from 'node:net';
import { listen } from '../../lib/testing/network/listener.js';
import { createRequestDecoder, encodeReply } from './resp.js';
import type { Protocol, Reply } from './resp.js';

export interface FakeConnection {
  readonly id: number;
  /** 2 until it is set, as the handler of `HELLO 3` must do. */
  protocol: Protocol;
  /** Sends a reply without a request, or the late reply to a command that hangs. */
  send(reply: Reply): void;
  /** Sends bytes that need not be a reply, as latin1. */
  sendBytes(bytes: string): void;
  /** Closes the connection after all data has been sent. */
  close(): void;
}

/** `hang`: this connection never gets another answer, as if blocked. `drop`: it is destroyed, without an answer. */
export type Outcome = Reply | 'hang' | 'drop';

export type CommandHandler = (
  argv: readonly string[],
  connection: FakeConnection,
) => Outcome | Promise<Outcome>;

export interface FakeRedis {
  readonly endpoint: string;
  readonly port: number;
  /** The number of open connections. */
  readonly connections: number;
  /** Every command that has arrived, in order, answered or not. */
  readonly commands: readonly (readonly string[])[];
  dropConnections(): void;
  /** New connections are refused; those that are open stay. */
  refuseConnections(): void;
  acceptConnections(): Promise<void>;
  stop(): Promise<void>;
}

export interface FakeRedisOptions {
  readonly onCommand: CommandHandler;
}

/** A server whose handler determines each reply. Commands of one connection are answered in order. */
export async function startFakeRedis({ onCommand }: FakeRedisOptions): Promise<FakeRedis> {
  const commands: (readonly string[])[] = [];
  let lastId = 0;
  const listener = await listen((socket) => {
    lastId += 1;
    serve(socket, openConnection(socket, lastId), { onCommand, onReceived: (argv) => commands.push(argv) });
  });
  return {
    endpoint: listener.endpoint,
    port: listener.port,
    get connections() {
      return listener.sockets.size;
    },
    commands,
    dropConnections() {
      for (const socket of listener.sockets) socket.destroy();
    },
    refuseConnections: () => listener.refuse(),
    acceptConnections: () => listener.accept(),
    stop: () => listener.stop(),
  };
}

function openConnection(socket: Socket, id: number): FakeConnection {
  return {
    id,
    protocol: 2,
    send(reply) {
      if (socket.writable) socket.write(encodeReply(reply, this.protocol));
    },
    sendBytes(bytes) {
      if (socket.writable) socket.write(bytes, 'latin1');
    },
    close: () => void socket.end(),
  };
}

interface Handlers {
  readonly onReceived: (argv: readonly string[]) => void;
  readonly onCommand: CommandHandler;
}

const never = new Promise<void>(() => undefined);

function serve(socket: Socket, connection: FakeConnection, { onReceived, onCommand }: Handlers): void {
  const decode = createRequestDecoder();
  const answer = async (argv: readonly string[]) => {
    const outcome = await onCommand(argv, connection);
    if (outcome === 'hang') return never;
    if (outcome === 'drop') {
      socket.destroy();
      return never;
    }
    connection.send(outcome);
  };
  let previous = Promise.resolve();
  socket.on('data', (chunk) => {
    for (const argv of decode(chunk)) {
      onReceived(argv);
      previous = previous.then(() => answer(argv));
    }
  });
}
