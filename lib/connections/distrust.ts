import { filter, of, ReplaySubject, Subscription, take, type Observable } from 'rxjs';
import type { TopologyStream } from '../stream/topology-stream.js';
import { formatEndpoint } from '../topology/endpoint.js';

/**
 * A node that failed or refused us is not tried again before it was looked at anew: what the topology said of it was
 * out of date, and trying at once would be a storm.
 */
export class Distrust {
  readonly #observed$: TopologyStream['observed$'];
  #distrusted: { readonly endpoint: string; readonly looked$: Observable<unknown> } | undefined;
  #looking = Subscription.EMPTY;

  constructor({ observed$ }: Pick<TopologyStream, 'observed$'>) {
    this.#observed$ = observed$;
  }

  /** Begins to distrust a node, from now until the next look at it. */
  of(endpoint: string): void {
    const looked$ = new ReplaySubject<unknown>(1);
    this.end();
    this.#looking = this.#observed$
      .pipe(
        filter((observation) => formatEndpoint(observation.endpoint) === endpoint),
        take(1),
      )
      .subscribe(looked$);
    this.#distrusted = { endpoint, looked$ };
  }

  /** Emits as soon as a node may be tried. */
  over(endpoint: string): Observable<unknown> {
    return this.#distrusted?.endpoint === endpoint ? this.#distrusted.looked$.pipe(take(1)) : of(undefined);
  }

  end(): void {
    this.#looking.unsubscribe();
  }
}
