import { delay, filter, of, ReplaySubject, Subscription, take, type Observable } from 'rxjs';
import { monotonicMs } from '../../clock/clock.js';
import type { TopologyStream } from '../../stream/topology-stream.js';
import { formatEndpoint } from '../../topology/endpoint.js';

/**
 * A node that failed or refused a connection is not tried again until its next probe, because the topology was
 * outdated. A node that keeps failing although its probes succeed is tried with exponential backoff.
 */
export class NodeBackoff {
  readonly #observed$: TopologyStream['observed$'];
  #suspect: Suspect | undefined;
  #probing = new Subscription();

  constructor({ observed$ }: Pick<TopologyStream, 'observed$'>) {
    this.#observed$ = observed$;
  }

  /** Blocks attempts to connect to a node until its next probe. */
  start(endpoint: string): void {
    const probed$ = new ReplaySubject<unknown>(1);
    const since = monotonicMs();
    const failures = this.#failuresInARow(endpoint, since);
    if (this.#suspect?.endpoint !== endpoint) {
      // Only one node is backed off at a time, so waiting for the previous one ends.
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
        .subscribe(probed$),
    );
    this.#suspect = { endpoint, probed$, since, failures };
  }

  /** Emits as soon as a node may be tried. */
  whenOver(endpoint: string): Observable<unknown> {
    const suspect = this.#suspect;
    if (suspect?.endpoint !== endpoint) {
      return of(undefined);
    }
    const probed$ = suspect.probed$.pipe(take(1));
    return suspect.failures < 2 ? probed$ : probed$.pipe(delay(pauseMs(suspect.failures)));
  }

  #failuresInARow(endpoint: string, now: number): number {
    const before = this.#suspect;
    return before?.endpoint === endpoint && now - before.since < FORGIVEN_AFTER_MS ? before.failures + 1 : 1;
  }

  /** Ends the backoff, because without a subscription no probe would end it. */
  stop(): void {
    this.#probing.unsubscribe();
    this.#probing = new Subscription();
    this.#suspect = undefined;
  }
}

interface Suspect {
  readonly endpoint: string;
  /** Emits at the next probe of the node. */
  readonly probed$: ReplaySubject<unknown>;
  /** Milliseconds of the monotonic clock. */
  readonly since: number;
  /** How many times in a row the node failed. */
  readonly failures: number;
}

/** Jittered, so that clients which a server refuses at the same time do not return at the same time. */
function pauseMs(failures: number): number {
  return (0.2 + 0.8 * Math.random()) * Math.min(5 * 2 ** failures, MAX_PAUSE_MS);
}

const MAX_PAUSE_MS = 1000;
const FORGIVEN_AFTER_MS = 5000;
