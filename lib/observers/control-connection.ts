import type { Socket } from 'node:net';
import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';
import { firstValueFrom, Subject, takeUntil, type Observable } from 'rxjs';
import { faultOf } from '../replies/node-fault.js';
import { clientName } from './client-name.js';
import type { Endpoint } from '../topology/endpoint.js';

/** The part of a connection that observers use. It is opened once and never reconnects. */
export interface ControlConnection {
  /** Resolves when the handshake is done; rejects with the underlying error. */
  readonly open: () => Promise<void>;
  readonly call: (...command: readonly [string, ...string[]]) => Promise<unknown>;
  /** Calls `onMessage` with every message on a channel; resolves when the server has confirmed the subscription. */
  readonly subscribe: (channel: string, onMessage: (message: string) => void) => Promise<unknown>;
  /** Resolves when either side has closed the connection. Never rejects. */
  readonly closed: Promise<void>;
  readonly close: () => void;
}

/** `role` tells what the connection is for. */
export type ConnectControl = (endpoint: Endpoint, role: 'observer' | 'watcher') => ControlConnection;

/** Opens control connections with the user's credentials, over sockets from `reach`. */
export function controlConnector(redis: RedisOptions, reach: Reach): ConnectControl {
  return (endpoint, role) => {
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
    return wrap(client, {
      name: clientName(redis, role),
      isTls: redis.tls !== undefined || endpoint.tls === true,
    });
  };
}

type Reach = (endpoint: Endpoint) => Observable<Socket>;

/** Gives ioredis only sockets that are connected; `disconnect` cancels an attempt. */
function connectorTo(open: () => Observable<Socket>): NonNullable<RedisOptions['Connector']> {
  return class extends AbstractConnector {
    readonly #disconnected$ = new Subject<void>();

    constructor() {
      super(0);
    }

    override async connect() {
      this.stream = await firstValueFrom(open().pipe(takeUntil(this.#disconnected$)));
      return this.stream;
    }

    override disconnect(): void {
      this.#disconnected$.next();
      super.disconnect();
    }
  };
}

interface Wrapping {
  readonly name: string;
  readonly isTls: boolean;
}

function wrap(client: Redis, { name: connectionName, isTls }: Wrapping): ControlConnection {
  const errors: Error[] = [];
  let hasAnswered = false;
  // ioredis rejects with "Connection is closed." or the like, and reports the reason only in this event. Before
  // version 6 the event can follow "ready", because ioredis does not wait for the reply to AUTH.
  client.on('error', (error) => errors.push(error));
  const withReason = async <T>(attempt: Promise<T>): Promise<T> => {
    try {
      return await attempt;
    } catch (error) {
      const reason = errors[0] ?? error;
      throw !isTls && !hasAnswered && faultOf(reason).fault === 'CLOSED' ? closedAtOnce() : reason;
    }
  };
  const closed = new Promise<void>((resolve) => {
    client.once('end', () => resolve());
  });
  return {
    open: async () => {
      await withReason(client.connect());
      // Not by the option of ioredis: with a second command in the handshake it hides why the first was refused.
      const naming = client.call('CLIENT', 'SETNAME', connectionName).then(() => (hasAnswered = true));
      naming.catch((error: unknown) => {
        hasAnswered ||= error instanceof Error && error.name === 'ReplyError';
        if (error instanceof Error && /max number of clients/i.test(error.message)) {
          errors.push(error);
        }
      });
    },
    call: (...[name, ...args]) => withReason(client.call(name, ...args)),
    subscribe: (channel, onMessage) => {
      client.on('message', (_channel, message) => onMessage(message));
      return withReason(client.subscribe(channel));
    },
    closed,
    // `disconnect()` alone would wait two seconds for a server that hangs to close its side.
    close: () => {
      client.disconnect();
      client.stream?.destroy();
    },
  };
}

/** A server that expects TLS closes a connection without it and says nothing. */
function closedAtOnce(): Error {
  const message =
    'the server closed the connection before its first reply; if it expects TLS, name it rediss://host:port';
  return Object.assign(new Error(message), { code: 'ECONNRESET' });
}

/** Leaves out `replyMapping`: it is for the replies that the app reads, and must not change those of observers. */
type ControlOptions = Omit<RedisOptions, 'replyMapping'>;

function credentialsOf({ username, password, protocol }: RedisOptions): ControlOptions {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(protocol !== undefined && { protocol }),
  };
}
