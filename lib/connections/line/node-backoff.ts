import { delay, filter, of, ReplaySubject, Subscription, take, type Observable } from 'rxjs';
import type { TopologyStream } from '../../stream/topology-stream.js';
import { formatEndpoint } from '../../topology/endpoint.js';

/**
 * A node that failed or refused us is not tried again before it was looked at anew: what the topology said of it was
 * out of date. One that goes on doing so while it looks fine is tried more and more rarely.
 */
export class NodeBackoff {
  readonly #observed$: TopologyStream['observed$'];
  #suspect: Suspect | undefined;
  #probing = new Subscription();

  constructor({ observed$ }: Pick<TopologyStream, 'observed$'>) {
    this.#observed$ = observed$;
  }

  /** Begins to distrust a node, from now until the next look at it. */
  start(endpoint: string): void {
    const looked$ = new ReplaySubject<unknown>(1);
    const since = Date.now();
    const times = this.#timesInARow(endpoint, since);
    if (this.#suspect?.endpoint !== endpoint) {
      // One node is distrusted at a time: whoever waits for the one before need not wait any longer.
      this.#suspect?.probed$.next(undefined);
      this.#probing.unsubscribe();
      this.#probing = new Subscription();
    }
    this.#probing.add(
      this.#observed$
        .pipe(
          filter((observation) => formatEndpoint(observation.endpoint) === endpoint),
          take(1),
        )
        .subscribe(looked$),
    );
    this.#suspect = { endpoint, probed$: looked$, since, times };
  }

  /** Emits as soon as a node may be tried. */
  whenOver(endpoint: string): Observable<unknown> {
    const suspect = this.#suspect;
    if (suspect?.endpoint !== endpoint) {
      return of(undefined);
    }
    const looked$ = suspect.probed$.pipe(take(1));
    return suspect.times < 2 ? looked$ : looked$.pipe(delay(pauseMs(suspect.times)));
  }

  #timesInARow(endpoint: string, now: number): number {
    const before = this.#suspect;
    return before?.endpoint === endpoint && now - before.since < FORGIVEN_AFTER_MS ? before.times + 1 : 1;
  }

  /** Nobody looks for us any more, so nobody may be waited for. */
  stop(): void {
    this.#probing.unsubscribe();
    this.#probing = new Subscription();
    this.#suspect = undefined;
  }
}

interface Suspect {
  readonly endpoint: string;
  /** Emits once the node was looked at anew. */
  readonly probed$: ReplaySubject<unknown>;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** How many times in a row. */
  readonly times: number;
}

/** By chance, so that those whom a server refuses together do not come back together. */
function pauseMs(times: number): number {
  return (0.2 + 0.8 * Math.random()) * Math.min(5 * 2 ** times, MAX_PAUSE_MS);
}

const MAX_PAUSE_MS = 1000;
const FORGIVEN_AFTER_MS = 5000;
