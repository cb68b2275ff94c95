import type { Socket } from 'node:net';
import { retry, switchMap, type Observable } from 'rxjs';
import type { TopologyNode } from '../topology/topology.js';
import { Distrust } from './distrust.js';
import type { LineSettings } from './line-state.js';

/** How one connection gets a socket to a node: a new one, as soon as the node may be tried. */
export class Approach {
  readonly #settings: Pick<LineSettings, 'stream' | 'reach'>;
  readonly #distrust: Distrust;

  constructor(settings: Pick<LineSettings, 'stream' | 'reach'>) {
    this.#settings = settings;
    this.#distrust = new Distrust(settings.stream);
  }

  /** Dials a node until it answers; between attempts it must have been looked at anew. */
  to({ address, endpoint }: TopologyNode): Observable<Socket> {
    const { reach, stream } = this.#settings;
    const delay = () => {
      this.#distrust.of(endpoint);
      stream.emit('connection failed', endpoint);
      return this.#distrust.over(endpoint);
    };
    return this.#distrust.over(endpoint).pipe(switchMap(() => reach(address).pipe(retry({ delay }))));
  }

  /** The node failed us: it is not tried again before it was looked at anew. */
  distrust(endpoint: string): void {
    this.#distrust.of(endpoint);
  }

  /** Nobody looks for us any more. */
  forget(): void {
    this.#distrust.forget();
  }
}
