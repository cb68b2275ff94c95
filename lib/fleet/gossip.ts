import { filter, map, Subject, type Observable } from 'rxjs';
import type { Resolution } from '../topology/resolve-topology.js';
import {
  announcementOf,
  initialTrust,
  onDetected,
  onReceived,
  promotionIdOf,
  type Announcement,
} from './announcements.js';

interface GossipOptions {
  readonly now: () => number;
  /** Probes the node on which something was announced. */
  readonly probe: (endpoint: string) => void;
}

/** Announcements that the apps of a fleet exchange. */
export class Gossip {
  readonly #options: GossipOptions;
  readonly #announcements$ = new Subject<Announcement>();
  #trust = initialTrust;
  #known: string | undefined;

  constructor(options: GossipOptions) {
    this.#options = options;
  }

  /** The ids of promotions that this app has to publish on a node. */
  announcementsFor(endpoint: string): Observable<string> {
    return this.#announcements$.pipe(
      filter((announcement) => announcement.endpoint === endpoint),
      map(({ promotionId }) => promotionId),
    );
  }

  /** An announcement was published on a node, by another app or by this one. */
  receive(promotionId: string, endpoint: string): void {
    const { now, probe } = this.#options;
    const received = { promotionId, at: now(), known: this.#known };
    const { trust, isWorthProbing } = onReceived(this.#trust, received);
    this.#trust = trust;
    if (isWorthProbing) {
      probe(endpoint);
    }
  }

  /** Announces the promotion between two resolutions, if any, unless another app has, or is to: see `isChosen`. */
  resolved(before: Resolution, after: Resolution, isChosen: () => boolean): void {
    this.#known = promotionIdOf(after);
    const announcement = announcementOf(before, after);
    if (announcement !== undefined) {
      const { trust, wasAnnounced } = onDetected(this.#trust, announcement.promotionId);
      this.#trust = trust;
      if (!wasAnnounced && isChosen()) {
        this.#announcements$.next(announcement);
      }
    }
  }
}
