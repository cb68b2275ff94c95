import { filter, map, Subject, throttle, timer, type Observable, type SchedulerLike } from 'rxjs';
import type { Resolution } from '../topology/resolve-topology.js';
import {
  announcementOf,
  nothingHeard,
  onDetected,
  onReceived,
  promotionIdOf,
  type Announcement,
} from './announcements.js';

/** The announcements that the apps of a fleet exchange. */
export class Gossip {
  readonly #scheduler: SchedulerLike;
  readonly #announcements$ = new Subject<Announcement>();
  /** The nodes on which something new was announced. */
  readonly #news$ = new Subject<string>();
  #heard = nothingHeard;
  #known: string | undefined;

  constructor(scheduler: SchedulerLike) {
    this.#scheduler = scheduler;
  }

  /** The ids of promotions that this app has to publish on a node. */
  announcementsFor(endpoint: string): Observable<string> {
    return this.#announcements$.pipe(
      filter((announcement) => announcement.endpoint === endpoint),
      map(({ promotionId }) => promotionId),
    );
  }

  /**
   * Emits when a node is to be probed because something new was announced on it: at most once in `gapMs()`, so that a
   * flood cannot drive the probes. What is announced in between has the node probed at the end of that time.
   */
  newsOn(endpoint: string, gapMs: () => number): Observable<unknown> {
    return this.#news$.pipe(
      filter((each) => each === endpoint),
      throttle(() => timer(gapMs(), this.#scheduler), { leading: true, trailing: true }),
    );
  }

  /** Handles an announcement that another app, or this one, has published on a node. */
  receive(promotionId: string, endpoint: string): void {
    const { heard, isNews } = onReceived(this.#heard, { endpoint, promotionId }, this.#known);
    this.#heard = heard;
    if (isNews) {
      this.#news$.next(endpoint);
    }
  }

  /** Announces the promotion between two resolutions, if any, unless another app has announced it or is chosen to. */
  resolved(before: Resolution, after: Resolution, isChosen: () => boolean): void {
    this.#known = promotionIdOf(after);
    const announcement = announcementOf(before, after);
    if (announcement !== undefined) {
      const { heard, wasAnnounced } = onDetected(this.#heard, announcement);
      this.#heard = heard;
      if (!wasAnnounced && isChosen()) {
        this.#announcements$.next(announcement);
      }
    }
  }
}
