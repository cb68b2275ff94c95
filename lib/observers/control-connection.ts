import type { Socket } from 'node:net';
import type { RedisOptions } from 'ioredis';
import { defer, EMPTY, type Observable } from 'rxjs';
import type { Login } from '../credentials/credentials.js';
import { keepLoggedIn } from '../credentials/keep-logged-in.js';
import { acceptedSince, fixedLogins, logInWith, type LoggedIn, type Logins } from '../credentials/logins.js';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import { Connection } from '../wire/connection.js';
import { logIn } from '../wire/login.js';
import { ReplyError } from '../wire/reply-error.js';
import { clientName } from './client-name.js';
import { noticesOf } from './maintenance.js';
import { withoutSecret } from '../replies/without-secret.js';

/** The part of a connection that observers use. It is opened once and never reconnects. */
export interface ControlConnection {
  /** Resolves when the handshake is done; rejects with the underlying error. `vet` asks before credentials are sent. */
  readonly open: (vet?: Vet) => Promise<void>;
  readonly call: (...command: readonly [string, ...string[]]) => Promise<unknown>;
  /** Calls `onMessage` with every message on a channel; resolves when the server has confirmed the subscription. */
  readonly subscribe: (channel: string, onMessage: (message: string) => void) => Promise<unknown>;
  /** Asks the server for notices of maintenance, once subscribed to after the handshake, and emits each. Never errors. */
  readonly maintenance$: Observable<unknown>;
  /** Resolves when either side has closed the connection. Never rejects. */
  readonly closed: Promise<void>;
  readonly close: () => void;
}

/** Asks a node without credentials. Rejects if it is not to be sent them. */
export type Vet = (call: ControlConnection['call']) => Promise<void>;

/** `role` tells what the connection is for. */
export type ConnectControl = (endpoint: Endpoint, role: 'observer' | 'watcher') => ControlConnection;

/** Opens control connections over sockets from `reach`. Default of `logins`: the fixed ones in `redis`. */
export function controlConnector(
  redis: RedisOptions,
  reach: Reach,
  logins: Logins = fixedLogins(redis),
): ConnectControl {
  return (endpoint, role) => {
    const isTls = redis.tls !== undefined || endpoint.tls === true;
    const connection = new Connection({ socket$: reach(endpoint), ...(!isTls && { closedAtOnce }) });
    /** The one that was sent last. */
    let password: string | undefined;
    let version: 2 | 3 = 2;
    const discreetly = <T>(reply: Promise<T>): Promise<T> =>
      reply.catch((error: unknown) => {
        throw error instanceof ReplyError ? new ReplyError(withoutSecret(error.message, password)) : error;
      });
    const authenticate = (login: Login) => {
      password = login.password;
      const { protocol } = redis;
      const loggedIn = logIn((...command) => connection.call(...command), { ...login, protocol });
      return discreetly(loggedIn.then((spoken) => (version = spoken)));
    };
    return {
      open: async (vet) => {
        await connection.open();
        await vet?.((...command) => connection.call(...command));
        const sent = await logInWith(logins, authenticate);
        nameConnection(connection, clientName(redis, role));
        const loggedIn = { node: formatEndpoint(endpoint), sent, closed: connection.closed };
        if (role === 'observer') keepLoggedIn(logins, loggedIn, authenticate);
        else rearmAfterRenewal(connection, logins, loggedIn);
      },
      call: (...command) => discreetly(connection.call(...command)),
      subscribe: (channel, onMessage) => discreetly(connection.subscribe(channel, onMessage)),
      maintenance$: defer(() => (version === 3 ? noticesOf(connection) : EMPTY)),
      closed: connection.closed,
      close: () => connection.close(),
    };
  };
}

/** A watcher is blocked. It logs in when it is armed again, which waits until the node accepts the new login. */
function rearmAfterRenewal(connection: Connection, logins: Logins, loggedIn: LoggedIn): void {
  const renewing = acceptedSince(logins, loggedIn).subscribe(() =>
    connection.close(new Error('the credentials were renewed')),
  );
  void connection.closed.then(() => renewing.unsubscribe());
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
