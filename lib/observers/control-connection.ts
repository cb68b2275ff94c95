import type { Socket } from 'node:net';
import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';
import { firstValueFrom, Subject, takeUntil, type Observable } from 'rxjs';
import type { Endpoint } from '../topology/endpoint.js';

/** The part of a connection that observers use; each is opened once and never reconnects. */
export interface ControlConnection {
  /** Resolves when the handshake is done; rejects with the real reason. */
  readonly open: () => Promise<void>;
  readonly call: (...command: readonly [string, ...string[]]) => Promise<unknown>;
  /** Has `heard` called with every message on a channel; resolves when the server agreed. */
  readonly subscribe: (channel: string, heard: (message: string) => void) => Promise<unknown>;
  /** Resolves when the connection is gone, whoever closed it. Never rejects. */
  readonly closed: Promise<void>;
  readonly close: () => void;
}

export type ConnectControl = (endpoint: Endpoint, name: string) => ControlConnection;

/** Opens control connections with the user's credentials, over sockets from `reach`. */
export function controlConnector(redis: RedisOptions, reach: Reach): ConnectControl {
  return (endpoint, name) => {
    const client = new Redis({
      ...credentialsOf(redis),
      Connector: connectorTo(() => reach(endpoint)),
      lazyConnect: true,
      enableReadyCheck: false,
      enableOfflineQueue: false,
      disableClientInfo: true,
      autoResubscribe: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    return wrap(client, name);
  };
}

type Reach = (endpoint: Endpoint) => Observable<Socket>;

/** Gives ioredis connected sockets only; closing calls an attempt off. */
function connectorTo(open: () => Observable<Socket>): NonNullable<RedisOptions['Connector']> {
  return class extends AbstractConnector {
    readonly #hungUp$ = new Subject<void>();

    constructor() {
      super(0);
    }

    override async connect() {
      this.stream = await firstValueFrom(open().pipe(takeUntil(this.#hungUp$)));
      return this.stream;
    }

    override disconnect(): void {
      this.#hungUp$.next();
      super.disconnect();
    }
  };
}

function wrap(client: Redis, connectionName: string): ControlConnection {
  const errors: Error[] = [];
  // ioredis rejects with "Connection is closed." or the like, and tells the reason in this event only; before version 6
  // that can be after it called the connection ready, because it does not wait for the reply to AUTH.
  client.on('error', (error) => errors.push(error));
  const explained = async <T>(attempt: Promise<T>): Promise<T> => {
    try {
      return await attempt;
    } catch (error) {
      throw errors[0] ?? error;
    }
  };
  const closed = new Promise<void>((resolve) => {
    client.once('end', () => resolve());
  });
  return {
    open: async () => {
      await explained(client.connect());
      // Not by ioredis: with a second command in the handshake it does not tell why the first was refused.
      client.call('CLIENT', 'SETNAME', connectionName).catch((error: unknown) => {
        if (error instanceof Error && /max number of clients/i.test(error.message)) {
          errors.push(error);
        }
      });
    },
    call: (...[name, ...args]) => explained(client.call(name, ...args)),
    subscribe: (channel, heard) => {
      client.on('message', (_channel, message) => heard(message));
      return explained(client.subscribe(channel));
    },
    closed,
    // `disconnect()` alone would wait two seconds for a hung server to close its side.
    close: () => {
      client.disconnect();
      client.stream?.destroy();
    },
  };
}

/** `replyMapping` shapes an app's replies; what observers read does not depend on it. */
type ControlOptions = Omit<RedisOptions, 'replyMapping'>;

function credentialsOf({ username, password, protocol }: RedisOptions): ControlOptions {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(protocol !== undefined && { protocol }),
  };
}
