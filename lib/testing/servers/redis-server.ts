import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificates } from './certificates.js';
import { formatEndpoint } from '../../topology/endpoint.js';
import { openControl } from './control.js';
import type { CommandArguments } from './control.js';
import { findFreePort } from './free-port.js';
import { reservePort } from './reserve-port.js';
import { startServerProcess } from './server-process.js';
import type { ServerProcess } from './server-process.js';
import { makeTemporaryFolder } from './temporary-folder.js';

export interface RedisServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: one that is free. */
  readonly port?: number;
  /** More options as on the command line: `['--maxmemory', '2mb']`. A later one wins over our defaults. */
  readonly args?: readonly string[];
  /** Serves TLS only, on the one port. */
  readonly tls?: Certificates | undefined;
  /** Without `password` nobody needs to authenticate. With `user`, only that user may connect. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** More users, from the start on. */
  readonly users?: readonly RedisUser[];
  /** The program; default: see `findServer`. */
  readonly server?: string | undefined;
  /** Configuration lines; makes it a Sentinel instead of a data node. */
  readonly sentinel?: readonly string[];
}

/**
 * A user of the servers.
 *
 * @publicApi
 */
export interface RedisUser {
  readonly name: string;
  readonly password: string;
  /** As in `ACL SETUSER`: `['~app:*', '&*', '+@all', '-@dangerous']`. */
  readonly rules: readonly string[];
}

/**
 * One server process.
 *
 * @publicApi
 */
export interface RedisServer {
  /** Where clients and other servers reach it, `host:port`. */
  readonly endpoint: string;
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** `ended` also where it has ended by itself. */
  readonly state: 'running' | 'hung' | 'ended';
  /**
   * Over a connection of its own, made at the first call, as a user who may do everything. Fails within 5 s if the server
   * is down or hangs.
   */
  command(...args: CommandArguments): Promise<unknown>;
  /** Default SIGKILL. Resolves when the process is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Stops the process by a signal: its port still accepts connections, but nothing is answered. */
  hang(): void;
  resume(): void;
  /** Starts it again with its first options and these, on the same port and folder; kills it first if it runs. */
  restart(moreArgs?: readonly string[]): Promise<void>;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

const defaultHost = '127.0.0.1';
const startAttempts = 5;

/** Nothing is kept on disk, and replicas get their first copy at once instead of after 5 s. */
const replicationArguments = toArguments({
  save: '',
  appendonly: 'no',
  'repl-diskless-sync': 'yes',
  'repl-diskless-sync-delay': '0',
  // Valkey keeps 10 MB, which a test that fills the memory could not free.
  'repl-backlog-size': '1mb',
});

type Launch = (port: number, moreArgs?: readonly string[]) => Promise<ServerProcess>;

/** One real server process, on a port and in a temporary folder of its own. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = await makeTemporaryFolder('redis-server');
  const launch: Launch = async (port, moreArgs = []) => {
    const args = await commandLine(options, folder.path, port);
    return startServerProcess([...args, ...moreArgs], options.server);
  };
  const { host = defaultHost, port: wanted } = options;
  const { release, ...launched } =
    wanted === undefined ? await launchOnFreePort(launch, host) : await launchOn(wanted, host, launch);
  const cleanUp = async () => {
    release?.();
    await folder.remove();
  };
  return handle({ options, cleanUp, launch, host, ...launched });
}

interface Launched {
  readonly port: number;
  /** Gives the port back; absent where it could not be reserved. */
  readonly release: (() => void) | undefined;
  readonly first: ServerProcess;
}

/** Retries, because another process may take the port before the server listens on it. */
async function launchOnFreePort(launch: Launch, host: string): Promise<Launched> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await launchOn(await findFreePort([host]), host, launch);
    } catch (error) {
      const isTaken = error instanceof Error && error.message.includes('Address already in use');
      if (!isTaken || attempt === startAttempts) throw error;
    }
  }
}

/** The port stays reserved while the server is down. */
async function launchOn(port: number, host: string, launch: Launch): Promise<Launched> {
  const release = await reservePort(host, port);
  try {
    return { port, release, first: await launch(port) };
  } catch (error) {
    release?.();
    throw error;
  }
}

interface Parts {
  readonly options: RedisServerOptions;
  /** What the server took: a folder and a port. */
  readonly cleanUp: () => Promise<void>;
  readonly launch: Launch;
  readonly host: string;
  readonly port: number;
  readonly first: ServerProcess;
}

function handle({ options, cleanUp, launch, host, port, first }: Parts): RedisServer {
  let current = first;
  let isHung = false;
  const control = openControl({ ...options, host, port, ca: options.tls?.ca });
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    await current.end(signal);
    control.reset();
  };
  return {
    endpoint: formatEndpoint({ host, port }),
    host,
    port,
    get pid() {
      return current.pid;
    },
    get state() {
      if (current.hasEnded) return 'ended';
      return isHung ? 'hung' : 'running';
    },
    command: (...args) => control.command(...args),
    kill,
    hang() {
      isHung = true;
      current.signal('SIGSTOP');
    },
    resume() {
      isHung = false;
      current.signal('SIGCONT');
    },
    async restart(moreArgs) {
      await kill();
      isHung = false;
      current = await launch(port, moreArgs);
    },
    async stop() {
      await kill();
      await cleanUp();
    },
  };
}

async function commandLine(options: RedisServerOptions, folder: string, port: number): Promise<string[]> {
  const { host = defaultHost, tls, sentinel, args = [] } = options;
  const listening = tls ? await tlsArguments(tls, folder, port) : toArguments({ port: String(port) });
  const rest = [...toArguments({ bind: host, dir: folder }), ...listening, ...args];
  if (sentinel) return [await sentinelFile(sentinel, folder), '--sentinel', ...rest];
  // A replica calls from the address that all share, whichever it listens on, and would be named by it.
  const announced = toArguments({ 'replica-announce-ip': host });
  return [...replicationArguments, ...announced, ...authArguments(options), ...rest];
}

function authArguments({ user, password, users = [] }: RedisServerOptions): string[] {
  const more = users.flatMap(accountArguments);
  if (password === undefined) return more;
  if (user === undefined) return ['--requirepass', password, '--masterauth', password, ...more];
  const account = accountArguments({ name: user, password, rules: ['~*', '&*', '+@all'] });
  return [...account, '--user', 'default', 'off', '--masteruser', user, '--masterauth', password, ...more];
}

function accountArguments({ name, password, rules }: RedisUser): string[] {
  return ['--user', name, 'on', `>${password}`, ...rules];
}

async function tlsArguments(tls: Certificates, folder: string, port: number): Promise<string[]> {
  const files = { ca: join(folder, 'ca.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  await writeFile(files.ca, tls.ca);
  await writeFile(files.cert, tls.cert);
  await writeFile(files.key, tls.key, { mode: 0o600 });
  return toArguments({
    port: '0',
    'tls-port': String(port),
    'tls-replication': 'yes',
    'tls-auth-clients': 'no',
    'tls-ca-cert-file': files.ca,
    'tls-cert-file': files.cert,
    'tls-key-file': files.key,
  });
}

/** A Sentinel stores its state in its file, so an existing file must be kept. */
async function sentinelFile(lines: readonly string[], folder: string): Promise<string> {
  const path = join(folder, 'sentinel.conf');
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (!exists) await writeFile(path, `${lines.join('\n')}\n`);
  return path;
}

function toArguments(directives: Readonly<Record<string, string>>): string[] {
  return Object.entries(directives).flatMap(([name, value]) => [`--${name}`, value]);
}
