import { defer, from, throwError, timeout, type Observable, type SchedulerLike } from 'rxjs';
import type { ConnectControl, ControlConnection } from '../observers/control-connection.js';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import { readClusterView, type ClusterView } from './cluster-view.js';

interface AskSettings {
  readonly connect: ConnectControl;
  /** Translates the address that a node announces; `undefined` leaves the node out. */
  readonly mapEndpoint: (announced: Endpoint) => Endpoint | undefined;
  /** The limit for connection and reply together, in milliseconds. */
  readonly limitMs: number;
  readonly scheduler: SchedulerLike;
}

/** Asks nodes for their views of the cluster, on connections that are kept. */
export class ViewSource {
  readonly #settings: AskSettings;
  readonly #open = new Map<string, Opened>();

  constructor(settings: AskSettings) {
    this.#settings = settings;
  }

  /** Fails with the reason if the node cannot be asked, or belongs to no cluster that has slots. */
  ask(endpoint: Endpoint): Observable<ClusterView> {
    const { limitMs, scheduler } = this.#settings;
    return defer(() => from(this.#ask(endpoint))).pipe(
      timeout({
        each: limitMs,
        scheduler,
        with: () => {
          this.#forget(formatEndpoint(endpoint));
          return throwError(() => new Error(`no answer within ${limitMs} ms`));
        },
      }),
    );
  }

  close(): void {
    this.keep([]);
  }

  /** Closes the connections to all other nodes. */
  keep(endpoints: readonly Endpoint[]): void {
    const names = new Set(endpoints.map(formatEndpoint));
    [...this.#open.keys()].filter((name) => !names.has(name)).forEach((name) => this.#forget(name));
  }

  async #ask(endpoint: Endpoint): Promise<ClusterView> {
    const name = formatEndpoint(endpoint);
    const connection = this.#open.get(name) ?? this.#connect(endpoint);
    try {
      await connection.opening;
      const asked = connection.call('CLUSTER', 'NODES');
      // Who may not run it, or gets more than is read, still has the addresses of the other.
      const slots = connection.call('CLUSTER', 'SLOTS').catch(() => []);
      const nodes = String(await asked);
      const view = this.#translate(readClusterView(nodes, await slots, endpoint));
      if (view.nodes.every((node) => node.slots.length === 0)) {
        throw new Error('it knows no node with slots');
      }
      return view;
    } catch (error) {
      this.#forget(name, connection);
      throw error;
    }
  }

  /** Redirections name the addresses that nodes announce. */
  #translate({ nodes }: ClusterView): ClusterView {
    return {
      nodes: nodes.flatMap((node) => {
        const endpoint = this.#settings.mapEndpoint(node.endpoint);
        return endpoint === undefined
          ? []
          : [{ ...node, endpoint, aliases: [...node.aliases, node.endpoint] }];
      }),
    };
  }

  #connect(endpoint: Endpoint): Opened {
    const name = formatEndpoint(endpoint);
    const { open, call, closed, close } = this.#settings.connect(endpoint, 'observer');
    const connection: Opened = { opening: open(), call, close };
    this.#open.set(name, connection);
    void closed.then(() => this.#forget(name, connection));
    return connection;
  }

  #forget(name: string, connection = this.#open.get(name)): void {
    connection?.close();
    if (this.#open.get(name) === connection) {
      this.#open.delete(name);
    }
  }
}

interface Opened extends Pick<ControlConnection, 'call' | 'close'> {
  readonly opening: Promise<void>;
}
