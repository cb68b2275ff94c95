import type { Socket } from 'node:net';
import { defer, retry, switchMap, type Observable } from 'rxjs';
import type { Topology, TopologyNode } from '../../topology/topology.js';
import { NodeBackoff } from './node-backoff.js';
import type { LineSettings } from './line-state.js';
import { WarmSockets } from './warm-sockets.js';

/** How one connection gets a socket to a node: one that is open already, or a new one as soon as the node may be tried. */
export class NodeDialer {
  readonly #settings: DialerSettings;
  readonly #backoff: NodeBackoff;
  readonly #warm: WarmSockets;

  constructor(settings: DialerSettings) {
    this.#settings = settings;
    this.#backoff = new NodeBackoff(settings.stream);
    this.#warm = new WarmSockets((node) =>
      this.#backoff.whenOver(node.endpoint).pipe(switchMap(() => settings.reach(node.address))),
    );
  }

  /** Opens sockets before they are asked for: to the node that will be used, else to those that may be; `at` is in use. */
  prepare(topology: Topology, current: string | undefined, at: string | undefined): void {
    const { candidates: heirs, choose } = this.#settings;
    if (heirs === undefined) {
      return;
    }
    const pick = choose(topology, current);
    if (pick.kind === 'use') {
      this.#warm.keep(pick.node.endpoint === at ? [] : [pick.node]);
    } else {
      this.#warm.keep(pick.stay === true ? [] : heirs(topology));
    }
  }

  /** Dials a node until it answers; between attempts it must have been looked at anew. */
  dial({ address, endpoint }: TopologyNode): Observable<Socket> {
    const { reach, stream } = this.#settings;
    const delay = () => {
      this.#backoff.start(endpoint);
      stream.emit('connection failed', endpoint);
      return this.#backoff.whenOver(endpoint);
    };
    const socket$ = defer(() => this.#warm.take(endpoint) ?? reach(address));
    return this.#backoff.whenOver(endpoint).pipe(switchMap(() => socket$.pipe(retry({ delay }))));
  }

  /** The node failed us: it is not tried again before it was looked at anew. */
  backOff(endpoint: string): void {
    this.#backoff.start(endpoint);
  }

  /** Nobody looks for us any more. */
  stop(): void {
    this.#backoff.stop();
    this.#warm.keep([]);
  }
}

type DialerSettings = Omit<LineSettings, 'drainMs' | 'handshakeMs'>;
