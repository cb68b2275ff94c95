import { Observable, type Subscription } from 'rxjs';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';

/**
 * Runs one inner observable per endpoint of the latest list. It is subscribed to when the endpoint joins the list and
 * unsubscribed from when the endpoint leaves it. If it is to be reached with TLS from now on, or no longer, it begins anew.
 */
export function forEachNode<T>(observe: (endpoint: Endpoint) => Observable<T>) {
  return (lists$: Observable<readonly Endpoint[]>): Observable<T> =>
    new Observable((subscriber) => {
      const running = new Map<string, { readonly endpoint: Endpoint; readonly inner: Subscription }>();
      subscriber.add(() => running.forEach(({ inner }) => inner.unsubscribe()));
      subscriber.add(
        lists$.subscribe((endpoints) => {
          const listed = new Map(endpoints.map((each) => [formatEndpoint(each), each]));
          for (const [name, { endpoint, inner }] of running) {
            const next = listed.get(name);
            if (next === undefined || !isReachedAlike(next, endpoint)) {
              inner.unsubscribe();
              running.delete(name);
            }
          }
          for (const [name, endpoint] of listed) {
            if (!running.has(name)) {
              const inner = observe(endpoint).subscribe((value) => subscriber.next(value));
              running.set(name, { endpoint, inner });
            }
          }
        }),
      );
    });
}

/** Whether a connection to one of two endpoints of the same name serves for the other. */
export function isReachedAlike(a: Endpoint, b: Endpoint): boolean {
  return (a.tls === true) === (b.tls === true);
}
