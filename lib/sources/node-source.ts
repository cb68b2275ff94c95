import type { Observable, SchedulerLike } from 'rxjs';
import type { Endpoint } from '../topology/endpoint.js';
import type { Observation } from '../topology/observation.js';
import type { Signal } from '../topology/signal.js';

/**
 * Where to look: an observable of the complete list of nodes, emitted anew whenever it changes. A source never says
 * who is master. If it fails it is subscribed to again and the last list stays in use; if it completes, the last
 * list is final.
 *
 * @example
 * ```ts
 * const fromInventory: NodeSource = () =>
 *   timer(0, 30_000).pipe(
 *     switchMap(() => fetchInventory()),
 *     map((machines) => machines.map(({ address }) => ({ host: address, port: 6379 }))),
 *   );
 * ```
 * @publicApi
 */
export type NodeSource = (context: SourceContext) => Observable<readonly Endpoint[]>;

/**
 * What a source may learn from while it runs.
 *
 * @publicApi
 */
export interface SourceContext {
  /** What the nodes say of themselves, as it arrives. */
  readonly observations$: Observable<Observation>;
  /** Reasons to look again: a connection closed, a write was refused and the like. */
  readonly signals$: Observable<Signal>;
  /** The clock to use for timers. */
  readonly scheduler: SchedulerLike;
}
