import { filter, map, Subject, type Observable } from 'rxjs';
import type { Resolution } from '../topology/resolve-topology.js';
import {
  announcementOf,
  newsIn,
  nothingHeard,
  onFound,
  onHeard,
  type Announcement,
} from './announcements.js';

interface GrapevineOptions {
  readonly now: () => number;
  /** Has the node looked at on which something was announced. */
  readonly look: (endpoint: string) => void;
}

/** What apps that watch the same nodes tell one another. */
export class Grapevine {
  readonly #options: GrapevineOptions;
  readonly #told$ = new Subject<Announcement>();
  #hearing = nothingHeard;

  constructor(options: GrapevineOptions) {
    this.#options = options;
  }

  /** What is to be announced on a node. */
  on(endpoint: string): Observable<string> {
    return this.#told$.pipe(
      filter((announcement) => announcement.endpoint === endpoint),
      map(({ news }) => news),
    );
  }

  /** Somebody announced something on a node, while `resolution` was what we knew. */
  hear(news: string, endpoint: string, resolution: Resolution): void {
    const { now, look } = this.#options;
    const { hearing, isHeeded } = onHeard(this.#hearing, { news, at: now(), known: newsIn(resolution) });
    this.#hearing = hearing;
    if (isHeeded) {
      look(endpoint);
    }
  }

  /** Tells others what was found, unless it is known among them; `speaksUp` says whether it is ours to tell. */
  find(before: Resolution, after: Resolution, speaksUp: () => boolean): void {
    const announcement = announcementOf(before, after);
    if (announcement !== undefined) {
      const { hearing, isTold } = onFound(this.#hearing, announcement.news);
      this.#hearing = hearing;
      if (!isTold && speaksUp()) {
        this.#told$.next(announcement);
      }
    }
  }
}
