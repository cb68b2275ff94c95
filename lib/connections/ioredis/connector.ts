import type { Socket } from 'node:net';
import { AbstractConnector, type RedisOptions } from 'ioredis';
import { noteHandshakes } from './own-commands.js';

/** What a server reports about itself in `INFO`; empty if the user may not run it. */
interface ServerInfo {
  readonly role?: string;
  readonly run_id?: string;
}

/** Provides the sockets of one ioredis connection. */
export interface SocketProvider {
  /** Resolves with a connected socket; rejects when `hangUp` is called. */
  readonly connect: () => Promise<Socket>;
  /** Whether the server at the other end is the expected one. Called during the handshake. */
  readonly check: (info: ServerInfo) => boolean;
  readonly hangUp: () => void;
}

/** The extension point of ioredis: it asks the connector for a socket, and whether the server behind it is acceptable. */
export function connectorFor(provider: SocketProvider): NonNullable<RedisOptions['Connector']> {
  return class extends AbstractConnector {
    constructor() {
      super(0);
    }

    override connect() {
      const connected = provider.connect();
      noteHandshakes(connected);
      return connected;
    }

    override check(info: ServerInfo | undefined): boolean {
      return provider.check(info ?? {});
    }

    override disconnect(): void {
      provider.hangUp();
    }
  };
}
