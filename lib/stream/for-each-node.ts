import { Observable, type Subscription } from 'rxjs';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';

/**
 * Runs one inner observable per endpoint of the latest list. It is subscribed to when the endpoint joins the list and
 * unsubscribed from when the endpoint leaves it.
 */
export function forEachNode<T>(observe: (endpoint: Endpoint) => Observable<T>) {
  return (lists$: Observable<readonly Endpoint[]>): Observable<T> =>
    new Observable((subscriber) => {
      const running = new Map<string, Subscription>();
      subscriber.add(() => running.forEach((each) => each.unsubscribe()));
      subscriber.add(
        lists$.subscribe((endpoints) => {
          const names = new Set(endpoints.map(formatEndpoint));
          for (const [name, inner] of running) {
            if (!names.has(name)) {
              inner.unsubscribe();
              running.delete(name);
            }
          }
          for (const endpoint of endpoints) {
            const name = formatEndpoint(endpoint);
            if (!running.has(name)) {
              running.set(
                name,
                observe(endpoint).subscribe((value) => subscriber.next(value)),
              );
            }
          }
        }),
      );
    });
}
