import { concat, NEVER, Observable, retry, timer } from 'rxjs';
import { listsOf } from './check-source.js';
import type { NodeSource, SourceContext } from './node-source.js';
import type { Endpoint } from '../topology/endpoint.js';

const RETRY_MS = 1000;

/** Subscribes again to a source that fails, or that emits anything but a list of nodes. If a source completes, its last list stays in force. */
export function keepTrying(
  source: NodeSource,
  context: SourceContext,
  notify: (text: string) => void,
): Observable<readonly Endpoint[]> {
  const lists$ = new Observable<readonly Endpoint[]>((subscriber) =>
    listsOf(source, context).subscribe(subscriber),
  );
  return concat(
    lists$.pipe(
      retry({
        delay: (error: unknown) => {
          notify(`the source of nodes failed: ${error instanceof Error ? error.message : String(error)}`);
          return timer(RETRY_MS, context.scheduler);
        },
      }),
    ),
    NEVER,
  );
}
