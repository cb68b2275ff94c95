import { encodeReply, type Protocol, type Reply } from '../support/resp.js';
import type { Connection } from './connection.js';

/** The server's end of one connection. */
export class Client {
  readonly connection: Connection;
  /** Requests that were read but not executed yet. */
  readonly queue: (readonly string[])[] = [];
  readonly channels = new Set<string>();
  /** Keys under `WATCH`, with their versions. */
  readonly watched = new Map<string, number>();
  protocol: Protocol = 2;
  isTrusted = false;
  /** Commands of `MULTI` so far. */
  transaction: { readonly commands: (readonly string[])[]; isRefused: boolean } | undefined;
  /** The blocking command that it waits for. */
  blocked: { readonly command: readonly string[]; readonly callOff: () => void } | undefined;
  /** Whether the app still reads replies. */
  state: 'open' | 'ended' | 'gone' = 'open';

  constructor(connection: Connection) {
    this.connection = connection;
  }

  reply(reply: Reply): void {
    this.connection.send(encodeReply(reply, this.protocol));
  }
}

/** The reply as JSON, as the caller gets it. */
export function valueOf(reply: Reply): string {
  return JSON.stringify(plain(reply));
}

function plain(reply: Reply): unknown {
  switch (reply.kind) {
    case 'simple':
    case 'bulk':
    case 'raw':
      return reply.text;
    case 'integer':
      return reply.value;
    case 'nil':
      return null;
    case 'error':
      return `error ${reply.message}`;
    case 'array':
    case 'push':
      return reply.items.map(plain);
    case 'map':
      return Object.fromEntries(reply.entries.map(([key, value]) => [key, plain(value)]));
    default:
      return reply satisfies never;
  }
}
