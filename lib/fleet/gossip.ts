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
  /** Probes the node on which a promotion was announced. */
  readonly probe: (endpoint: string) => void;
}

/** The announcements that the apps of a fleet exchange. */
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

  /** Handles an announcement that another app, or this one, has published on a node. */
  receive(promotionId: string, endpoint: string): void {
    const { now, probe } = this.#options;
    const received = { promotionId, at: now(), known: this.#known };
    const { trust, isWorthProbing } = onReceived(this.#trust, received);
    this.#trust = trust;
    if (isWorthProbing) {
      probe(endpoint);
    }
  }

  /** Announces the promotion between two resolutions, if any, unless another app has announced it or is chosen to. */
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
