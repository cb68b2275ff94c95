import type { Socket } from 'node:net';
import { Command, type Redis } from 'ioredis';
import { Subscription, timer } from 'rxjs';
import type { Login } from '../../credentials/credentials.js';
import { isWrongPassword, renewalsSince, type Logins } from '../../credentials/logins.js';
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
      if (this.#sent !== undefined) {
        const renewals$ = renewalsSince(this.#logins, this.#sent);
        this.#renewing = renewals$.subscribe((login) => this.#renew(login, redis.stream));
      }
    });
    redis.on('close', () => this.#renewing.unsubscribe());
  }

  /** The same provider, whose sockets are ready for a handshake with the credentials of the moment. */
  over(provider: SocketProvider): SocketProvider {
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

  #renew(login: Login, stream: Redis['stream']): void {
    const client = this.#client;
    if (client === undefined || client.redis.stream !== stream || stream.destroyed) {
      return;
    }
    if (client.canWrite()) {
      const { username, password = '' } = login;
      const auth = new Command('auth', username === undefined ? [password] : [username, password]);
      prepareSetup(auth);
      client.write(auth);
      this.#sent = login;
    } else {
      this.#renewing.add(timer(RETRY_MS).subscribe(() => this.#renew(login, stream)));
    }
  }
}
