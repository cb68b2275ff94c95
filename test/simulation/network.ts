import { Observable, type Subscriber } from 'rxjs';
import type { Socket } from 'node:net';
import type { Dial, DialOptions } from '../../lib/sockets/dial.js';
import { formatEndpoint } from '../../lib/topology/endpoint.js';
import type { SeededRandom } from '../topology/seeded-random.js';
import type { VirtualClock } from './clock.js';
import { Connection, systemError, type Path, type ServerEnd } from './connection.js';
import type { History } from './history.js';

/** The server that listens on a machine. */
export interface Host {
  readonly name: string;
  readonly isPowered: () => boolean;
  readonly isListening: () => boolean;
  readonly accept: (connection: Connection) => ServerEnd;
}

/** The state of the network path between the app and one server. */
export interface Way {
  toNode: 'free' | 'blocked';
  fromNode: 'free' | 'blocked';
  /** In each direction, on top of the usual delay. */
  extraMs: number;
}

export interface NetworkOptions {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly history: History;
  readonly latencyMs: number;
  readonly giveUpMs: number;
}

interface Target {
  readonly host: Host;
  /** The name or address that the app dials. */
  readonly node: string;
}

/** As TCP does it. */
const KNOCK_AGAIN_MS = 1000;

/** All sockets of the app, and their network paths. */
export class Network {
  readonly #options: NetworkOptions;
  readonly #hosts = new Map<string, Host>();
  readonly #ways = new Map<string, Way>();
  /** The server that each name leads to. Connections that are open stay where they are. */
  readonly #names = new Map<string, string>();
  readonly #connections: { readonly connection: Connection; readonly server: string }[] = [];
  #openSockets = 0;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** How many sockets the app has. */
  get openSockets(): number {
    return this.#openSockets;
  }

  add(host: Host): void {
    this.#hosts.set(host.name, host);
    this.#ways.set(host.name, { toNode: 'free', fromNode: 'free', extraMs: 0 });
  }

  /** Lets a name lead to a server from now on. */
  point(name: string, server: string): void {
    this.#names.set(name, server);
  }

  /** Whether a new connection to one of these names or addresses leads to the server. */
  leadsTo(server: string, names: readonly string[]): boolean {
    return names.some((name) => this.#serverOf(name) === server);
  }

  /** Whether the app has a connection to the server. */
  isConnected(server: string): boolean {
    return this.#connections.some((each) => each.server === server && each.connection.isOpen);
  }

  way(server: string): Way {
    const way = this.#ways.get(server);
    if (way === undefined) {
      throw new Error(`no server ${server}`);
    }
    return way;
  }

  /** Changes the path to a server. Blocked bytes are delivered if the path is free again. */
  change(server: string, change: Partial<Way>): void {
    Object.assign(this.way(server), change);
    this.resume(server);
  }

  /** To be called when a machine has started or stopped. */
  resume(server: string): void {
    this.#connections
      .filter((each) => each.server === server)
      .forEach(({ connection }) => connection.resume());
  }

  /** How the app reaches a node. */
  readonly dial: Dial = (endpoint, options) =>
    new Observable((subscriber) => {
      const node = formatEndpoint(endpoint);
      const host = this.#hosts.get(this.#serverOf(node));
      this.#options.history.add({ kind: 'dialled', node });
      if (host === undefined) {
        subscriber.error(systemError('ENOTFOUND', `getaddrinfo ENOTFOUND ${node}`));
        return undefined;
      }
      return this.#attempt({ host, node }, subscriber, options);
    });

  #serverOf(name: string): string {
    return this.#names.get(name) ?? name;
  }

  #attempt(
    { host, node }: Target,
    subscriber: Subscriber<Socket>,
    { connectTimeoutMs }: DialOptions,
  ): () => void {
    const { clock } = this.#options;
    const path = this.#pathTo(host);
    let pending: Connection | undefined;
    let callOff: (() => void) | undefined;
    const fail = (error: Error) => subscriber.error(error);
    const limit = setTimeout(
      () => fail(systemError('ETIMEDOUT', `no connection within ${connectTimeoutMs} ms`)),
      connectTimeoutMs,
    );
    const knock = () => {
      if (path.isBlocked('to node') || path.isBlocked('from node')) {
        callOff = clock.after(KNOCK_AGAIN_MS, knock);
      } else if (host.isListening()) {
        const connection = this.#connect({ host, node }, path);
        pending = connection;
        connection.socket.on('error', fail);
        callOff = clock.after(path.delayMs(), () => {
          pending = undefined;
          connection.socket.off('error', fail);
          subscriber.next(connection.socket);
          subscriber.complete();
        });
      } else {
        callOff = clock.after(path.delayMs(), () =>
          fail(systemError('ECONNREFUSED', 'connect ECONNREFUSED')),
        );
      }
    };
    callOff = clock.after(path.delayMs(), knock);
    return () => {
      clearTimeout(limit);
      callOff?.();
      pending?.socket.on('error', () => undefined).destroy();
    };
  }

  #connect({ host, node }: Target, path: Path): Connection {
    const { clock, history } = this.#options;
    const connection = new Connection({
      id: this.#connections.length + 1,
      node,
      server: host.name,
      path,
      clock,
      history,
      onClosed: () => (this.#openSockets -= 1),
    });
    this.#connections.push({ connection, server: host.name });
    this.#openSockets += 1;
    connection.accept(host.accept(connection));
    return connection;
  }

  #pathTo(host: Host): Path {
    const { latencyMs, random, giveUpMs } = this.#options;
    const way = this.way(host.name);
    return {
      giveUpMs,
      delayMs: () => way.extraMs + latencyMs * (0.75 + random.below(1000) / 2000),
      isBlocked: (direction) =>
        !host.isPowered() || (direction === 'to node' ? way.toNode : way.fromNode) === 'blocked',
    };
  }
}
