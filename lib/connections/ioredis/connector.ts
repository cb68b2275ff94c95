import type { Socket } from 'node:net';
import { AbstractConnector, type RedisOptions } from 'ioredis';
import { parseEndpoint, type Endpoint } from '../../topology/endpoint.js';
import { noteHandshakes, noteVerified } from './own-commands.js';

/** What a server reports about itself in `INFO`; empty if the user may not run it. */
interface ServerInfo {
  readonly role?: string;
  readonly run_id?: string;
}

/** Provides the sockets of one ioredis connection. */
export interface SocketProvider {
  /** Resolves with a connected socket; rejects when `hangUp` is called. */
  readonly connect: () => Promise<Socket>;
  /** Where the socket leads or led last. */
  readonly endpoint: string | undefined;
  /** Whether the server at the other end is the expected one. Called during the handshake. */
  readonly check: (info: ServerInfo) => boolean;
  readonly hangUp: () => void;
}

/**
 * The extension point of ioredis: it asks the connector for a socket, and whether the server behind it is acceptable.
 * ioredis makes one connector for each client. The first is for the client that is being created with this class. Any
 * other client got the class with a copy of the options: it would take the sockets of the first, so it is refused.
 */
export function connectorFor(provider: SocketProvider): NonNullable<RedisOptions['Connector']> {
  let isTaken = false;
  return class extends AbstractConnector {
    readonly #options: object;
    #socket: Socket | undefined;

    constructor(options: unknown) {
      super(0);
      if (isTaken) {
        throw new TypeError(COPIED_OPTIONS);
      }
      isTaken = true;
      this.#options = options instanceof Object ? options : {};
      tellNode(this.#options, undefined);
    }

    override connect() {
      const connected = this.#connect();
      noteHandshakes(connected);
      return connected;
    }

    override check(info: ServerInfo | undefined): boolean {
      const isVerified = provider.check(info ?? {});
      if (isVerified && this.#socket !== undefined) {
        noteVerified(this.#socket);
      }
      return isVerified;
    }

    override disconnect(): void {
      provider.hangUp();
    }

    async #connect(): Promise<Socket> {
      const socket = await provider.connect();
      this.#socket = socket;
      if (provider.endpoint !== undefined) {
        tellNode(this.#options, parseEndpoint(provider.endpoint));
      }
      return socket;
    }
  };
}

/** Tracing takes the address of the server from the options of the connection. ioredis dials nothing itself. */
function tellNode(options: object, node: Endpoint | undefined): void {
  Object.assign(options, { host: node?.host, port: node?.port });
}

const COPIED_OPTIONS =
  'a client cannot be created from the options of a connection of nestjs-redis-replication, because it would not follow ' +
  'the master: pass the connection itself, or call its duplicate()';
