import { Redis } from 'ioredis';

/**
 * A command and its arguments.
 *
 * @publicApi
 */
export type CommandArguments = [name: string, ...args: (string | number)[]];

export interface Control {
  command(...args: CommandArguments): Promise<unknown>;
  /** Closes the connection; the next command opens a new one. */
  reset(): void;
}

export interface ControlTarget {
  readonly host: string;
  readonly port: number;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Asks for TLS and trusts this authority. */
  readonly ca?: string | undefined;
}

const commandTimeoutMs = 5000;

/** A connection that never retries and never queues a command, so the test observes exactly what the server did. */
export function openControl(target: ControlTarget): Control {
  let connection: Redis | undefined;
  return {
    command(...args) {
      if (connection === undefined || connection.status === 'end') connection = connect(target);
      return connection.call(...args);
    },
    reset() {
      connection?.disconnect();
      connection = undefined;
    },
  };
}

function connect({ host, port, user, password, ca }: ControlTarget): Redis {
  const connection = new Redis({
    host,
    port,
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { tls: { ca } }),
    protocol: 2,
    lazyConnect: true,
    commandTimeout: commandTimeoutMs,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // Each command rejects on its own; without a listener ioredis would also print the error.
  connection.on('error', () => undefined);
  return connection;
}
