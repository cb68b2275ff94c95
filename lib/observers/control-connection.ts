import type { Socket } from 'node:net';
import type { RedisOptions } from 'ioredis';
import type { Observable } from 'rxjs';
import type { Endpoint } from '../topology/endpoint.js';
import { Connection } from '../wire/connection.js';
import { logIn, type Login } from '../wire/login.js';
import { ReplyError } from '../wire/reply-error.js';
import { clientName } from './client-name.js';
import { withoutSecret } from '../replies/without-secret.js';

/** The part of a connection that observers use. It is opened once and never reconnects. */
export interface ControlConnection {
  /** Resolves when the handshake is done; rejects with the underlying error. `vet` asks before credentials are sent. */
  readonly open: (vet?: Vet) => Promise<void>;
  readonly call: (...command: readonly [string, ...string[]]) => Promise<unknown>;
  /** Calls `onMessage` with every message on a channel; resolves when the server has confirmed the subscription. */
  readonly subscribe: (channel: string, onMessage: (message: string) => void) => Promise<unknown>;
  /** Resolves when either side has closed the connection. Never rejects. */
  readonly closed: Promise<void>;
  readonly close: () => void;
}

/** Asks a node without credentials. Rejects if it is not to be sent them. */
export type Vet = (call: ControlConnection['call']) => Promise<void>;

/** `role` tells what the connection is for. */
export type ConnectControl = (endpoint: Endpoint, role: 'observer' | 'watcher') => ControlConnection;

/** Opens control connections with the user's credentials, over sockets from `reach`. */
export function controlConnector(redis: RedisOptions, reach: Reach): ConnectControl {
  return (endpoint, role) => {
    const isTls = redis.tls !== undefined || endpoint.tls === true;
    const connection = new Connection({
      socket$: reach(endpoint),
      ...(!isTls && { closedAtOnce }),
    });
    /** The one that was sent, should it change later. */
    let password: string | undefined;
    const discreetly = <T>(reply: Promise<T>): Promise<T> =>
      reply.catch((error: unknown) => {
        throw error instanceof ReplyError ? new ReplyError(withoutSecret(error.message, password)) : error;
      });
    return {
      open: async (vet) => {
        await connection.open();
        await vet?.((...command) => connection.call(...command));
        const login: Login = loginOf(redis);
        password = login.password;
        await discreetly(logIn((...command) => connection.call(...command), login));
        nameConnection(connection, clientName(redis, role));
      },
      call: (...command) => discreetly(connection.call(...command)),
      subscribe: (channel, onMessage) => discreetly(connection.subscribe(channel, onMessage)),
      closed: connection.closed,
      close: () => connection.close(),
    };
  };
}

type Reach = (endpoint: Endpoint) => Observable<Socket>;

/** Nobody waits for the reply. A server with too many clients says so in its first reply, and closes the connection. */
function nameConnection(connection: Connection, name: string): void {
  connection.call('CLIENT', 'SETNAME', name).catch((error: unknown) => {
    if (error instanceof ReplyError && /max number of clients/i.test(error.message)) {
      connection.close(error);
    }
  });
}

/** A server that expects TLS closes a connection without it and says nothing. */
function closedAtOnce(): Error {
  const message =
    'the server closed the connection before its first reply; if it expects TLS, name it rediss://host:port';
  return Object.assign(new Error(message), { code: 'ECONNRESET' });
}

function loginOf({ username, password, protocol }: RedisOptions): Login {
  return { username, password, protocol };
}
