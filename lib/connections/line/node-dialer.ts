import type { Socket } from 'node:net';
import { defer, retry, switchMap, type Observable } from 'rxjs';
import { endpointOf } from '../../topology/pick.js';
import type { Topology, TopologyNode } from '../../topology/topology.js';
import { NodeBackoff } from './node-backoff.js';
import type { NodeFailures } from './node-failures.js';
import type { LineSettings, LineState } from './line-state.js';
import { WarmSockets } from './warm-sockets.js';

/** Gets sockets to nodes for one connection: an open one if there is one, else a new one as soon as the node may be tried. */
export class NodeDialer {
  readonly #settings: DialerSettings;
  readonly #backoff: NodeBackoff;
  readonly #failures: NodeFailures;
  readonly #warm: WarmSockets;

  constructor(settings: DialerSettings, failures: NodeFailures) {
    this.#failures = failures;
    this.#settings = settings;
    this.#backoff = new NodeBackoff(settings.stream);
    this.#warm = new WarmSockets((node) =>
      this.#backoff.whenOver(node.endpoint).pipe(switchMap(() => settings.reach(node.address))),
    );
  }

  /**
   * Opens sockets in advance to the picked node, or to all candidates if there is none, or only the one that is being left
   * because it refused a command.
   */
  prepare(topology: Topology, current: string | undefined, state: LineState): void {
    const { candidates, choose } = this.#settings;
    if (candidates === undefined) {
      return;
    }
    const pick = choose(topology, current);
    const isAtPick = 'endpoint' in state && state.endpoint === endpointOf(pick);
    if (pick.kind === 'use' && !isAtPick) {
      this.#warm.keep([pick.node]);
    } else {
      const isReplaced = pick.kind === 'wait' ? pick.stay !== true : state.kind === 'leaving';
      this.#warm.keep(isReplaced ? candidates(topology) : []);
    }
  }

  /** Dials a node until it answers. After a failed attempt it waits for a new probe of the node. */
  dial({ address, endpoint }: TopologyNode): Observable<Socket> {
    const { reach, stream } = this.#settings;
    const delay = (error: unknown) => {
      this.#failures.add(endpoint, error);
      this.#backoff.start(endpoint);
      stream.emit('connection failed', endpoint);
      return this.#backoff.whenOver(endpoint);
    };
    const socket$ = defer(() => this.#warm.take(endpoint) ?? reach(address));
    return this.#backoff.whenOver(endpoint).pipe(switchMap(() => socket$.pipe(retry({ delay }))));
  }

  /** Records a failure of the node, which is then not tried again until its next probe. */
  backOff(endpoint: string): void {
    this.#backoff.start(endpoint);
  }

  stop(): void {
    this.#backoff.stop();
    this.#warm.keep([]);
  }
}

type DialerSettings = Omit<LineSettings, 'drainMs' | 'handshakeMs'>;
