import type { Socket } from 'node:net';
import { defer, retry, switchMap, type Observable } from 'rxjs';
import type { Topology, TopologyNode } from '../../topology/topology.js';
import { Distrust } from './node-backoff.js';
import type { LineSettings } from './line-state.js';
import { WarmSockets } from './warm-sockets.js';

/** How one connection gets a socket to a node: one that is open already, or a new one as soon as the node may be tried. */
export class Approach {
  readonly #settings: ApproachSettings;
  readonly #distrust: Distrust;
  readonly #warm: WarmSockets;

  constructor(settings: ApproachSettings) {
    this.#settings = settings;
    this.#distrust = new Distrust(settings.stream);
    this.#warm = new WarmSockets((node) =>
      this.#distrust.over(node.endpoint).pipe(switchMap(() => settings.reach(node.address))),
    );
  }

  /** Opens sockets before they are asked for: to the node that will be used, else to those that may be; `at` is in use. */
  prepare(topology: Topology, current: string | undefined, at: string | undefined): void {
    const { heirs, choose } = this.#settings;
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
  to({ address, endpoint }: TopologyNode): Observable<Socket> {
    const { reach, stream } = this.#settings;
    const delay = () => {
      this.#distrust.of(endpoint);
      stream.emit('connection failed', endpoint);
      return this.#distrust.over(endpoint);
    };
    const socket$ = defer(() => this.#warm.take(endpoint) ?? reach(address));
    return this.#distrust.over(endpoint).pipe(switchMap(() => socket$.pipe(retry({ delay }))));
  }

  /** The node failed us: it is not tried again before it was looked at anew. */
  distrust(endpoint: string): void {
    this.#distrust.of(endpoint);
  }

  /** Nobody looks for us any more. */
  forget(): void {
    this.#distrust.forget();
    this.#warm.keep([]);
  }
}

type ApproachSettings = Omit<LineSettings, 'drainMs' | 'handshakeMs'>;
