import type { Socket } from 'node:net';
import { AbstractConnector, type RedisOptions } from 'ioredis';

/** What a server states about itself in `INFO`; empty where the user may not run it. */
interface ServerInfo {
  readonly role?: string;
  readonly run_id?: string;
}

/** Provides one connection of ioredis with sockets. */
export interface SocketProvider {
  /** Resolves with a connected socket; rejects once `hangUp` was called. */
  readonly connect: () => Promise<Socket>;
  /** Whether the server at the other end is the one that was meant. Asked during the handshake. */
  readonly check: (info: ServerInfo) => boolean;
  readonly hangUp: () => void;
}

/** The seam that ioredis offers: it asks the connector for a socket, and whether the server behind it is the right one. */
export function connectorFor(provider: SocketProvider): NonNullable<RedisOptions['Connector']> {
  return class extends AbstractConnector {
    constructor() {
      super(0);
    }

    override async connect() {
      return provider.connect();
    }

    override check(info: ServerInfo | undefined): boolean {
      return provider.check(info ?? {});
    }

    override disconnect(): void {
      provider.hangUp();
    }
  };
}
