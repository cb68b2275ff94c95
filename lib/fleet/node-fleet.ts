import type { Observable } from 'rxjs';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import type { Signal } from '../topology/signal.js';
import type { FleetSize } from './fleet-size.js';
import type { Gossip } from './gossip.js';
import { delayAfter, isChosen, newsGapMs, spreadMs, type Sharing } from './turns.js';

interface NodeFleetOptions {
  readonly endpoint: Endpoint;
  readonly gossip: Gossip;
  readonly sharing: Sharing;
  readonly now: () => number;
  readonly random: () => number;
}

/** All apps that watch one node, as far as this app knows them. */
export class NodeFleet {
  readonly #options: NodeFleetOptions;
  readonly #name: string;
  #size: FleetSize = { kind: 'unknown' };
  /** When the node itself last sent this app a signal. */
  #ownSignalAt = -Infinity;

  constructor(options: NodeFleetOptions) {
    this.#options = options;
    this.#name = formatEndpoint(options.endpoint);
  }

  get size(): FleetSize {
    return this.#size;
  }

  /** Replaces the size after a new count. */
  resize(size: FleetSize): void {
    this.#size = size;
  }

  /** The ids of promotions that this app has to publish on the node. */
  get announcements$(): Observable<string> {
    return this.#options.gossip.announcementsFor(this.#name);
  }

  /** Handles an announcement that was published on the node. */
  receive(promotionId: string): void {
    this.#options.gossip.receive(promotionId, this.#name);
  }

  /** Emits when the node is to be probed because something new was announced on it. */
  get news$(): Observable<unknown> {
    return this.#options.gossip.newsOn(this.#name, () => newsGapMs(this.#size));
  }

  /**
   * How long to wait after a signal before this app probes the node, in milliseconds, if it began its last probe at
   * `probedAt`.
   */
  delayAfter(signal: Signal, probedAt: number): number {
    const { endpoint, sharing, random, now } = this.#options;
    const sinceProbeMs = now() - probedAt;
    return delayAfter(signal, { endpoint, fleetSize: this.#size, random: random(), sinceProbeMs }, sharing);
  }

  /** Remembers a signal that this node sent, because it may have sent it to the whole fleet. */
  noteOwnSignal({ at }: Signal): void {
    this.#ownSignalAt = at;
  }

  /**
   * Whether this app announces the promotion that it has detected on the node. If the node has just sent a signal to the
   * whole fleet, all apps detect the promotion at the same moment, and one announcement is enough.
   */
  isChosenToAnnounce(): boolean {
    const { now, random } = this.#options;
    return now() - this.#ownSignalAt >= REACTION_MS || isChosen(this.#size, random());
  }

  /** A random delay, in milliseconds, for an action that all apps of the fleet would otherwise take at once. */
  spreadMs(): number {
    return spreadMs(this.#size, this.#options.random(), this.#options.sharing.gapMs);
  }
}

/** How long the apps of a fleet may take to react to a signal of their node. */
const REACTION_MS = 250;
