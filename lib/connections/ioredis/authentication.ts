import type { Socket } from 'node:net';
import { Command, type Redis } from 'ioredis';
import { defer, first, of, Subscription, switchMap, timer, type Observable } from 'rxjs';
import type { Login } from '../../credentials/credentials.js';
import { renewLogin } from '../../credentials/keep-logged-in.js';
import { isWrongPassword, type Logins } from '../../credentials/logins.js';
import type { SocketProvider } from './connector.js';
import { prepareSetup } from './internals.js';

/** How soon a login is tried again on a connection in the midst of a transaction. */
const RETRY_MS = 50;

/** What a connection provides. */
export interface AuthenticatedClient {
  readonly redis: Redis;
  /** Whether a command may be written now that does not belong to the app. */
  readonly canWrite: () => boolean;
  readonly write: (command: Command) => unknown;
}

/**
 * Logs one connection in with credentials that change: ioredis gets those of the moment for each handshake, and an open
 * connection logs in again when they are renewed. They are in no option of the connection.
 */
export class Authentication {
  readonly #logins: Logins;
  #client: AuthenticatedClient | undefined;
  #provider: SocketProvider | undefined;
  #sent: Login | undefined;
  #renewing = Subscription.EMPTY;

  constructor(logins: Logins) {
    this.#logins = logins;
  }

  attach(client: AuthenticatedClient): void {
    this.#client = client;
    const { redis } = client;
    redis.on(
      'error',
      (error) => this.#sent !== undefined && isWrongPassword(error) && this.#logins.refused(this.#sent),
    );
    redis.on('ready', () => {
      this.#renewing.unsubscribe();
      const [sent, node] = [this.#sent, this.#provider?.endpoint];
      if (sent !== undefined && node !== undefined) {
        const { stream } = redis;
        this.#renewing = renewLogin(this.#logins, { node, sent }, (login) =>
          whenWritable(client, stream).pipe(switchMap(() => logIn(client, login))),
        ).subscribe();
      }
    });
    redis.on('close', () => this.#renewing.unsubscribe());
  }

  /** The same provider, whose sockets are ready for a handshake with the credentials of the moment. */
  over(provider: SocketProvider): SocketProvider {
    this.#provider = provider;
    return {
      connect: async () => {
        const socket = await provider.connect();
        await this.#prepare(socket);
        return socket;
      },
      get endpoint() {
        return provider.endpoint;
      },
      check: (info) => provider.check(info),
      hangUp: () => provider.hangUp(),
    };
  }

  /** If the app gives no credentials, the socket is destroyed with the reason. */
  async #prepare(socket: Socket): Promise<void> {
    try {
      const login = await this.#logins.login();
      const condition: object | null | undefined = this.#client?.redis.condition;
      if (condition) {
        // As ioredis derives it from the options.
        const { username, password } = login;
        Object.assign(condition, { auth: username === undefined ? password : [username, password] });
      }
      this.#sent = login;
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/** Emits once. Never after the connection has lost this stream. */
function whenWritable(
  { redis, canWrite }: AuthenticatedClient,
  stream: Redis['stream'],
): Observable<unknown> {
  const isWritable = () => redis.stream === stream && !stream.destroyed && canWrite();
  return defer(() => (isWritable() ? of(undefined) : timer(RETRY_MS, RETRY_MS).pipe(first(isWritable))));
}

async function logIn({ write }: AuthenticatedClient, { username, password = '' }: Login): Promise<unknown> {
  const auth = new Command('auth', username === undefined ? [password] : [username, password]);
  prepareSetup(auth);
  write(auth);
  return auth.promise;
}
