import { concat, NEVER, Observable, retry, timer } from 'rxjs';
import { listsOf } from './check-source.js';
import type { NodeSource, SourceContext, SourceNode } from './node-source.js';

const RETRY_MS = 1000;

/**
 * Subscribes again to a source that fails, or that emits anything but a list of nodes. If a source completes, its last
 * list stays in force. `onFault` receives what was wrong, each time.
 */
export function keepTrying(
  source: NodeSource,
  context: SourceContext,
  onFault: (fault: string) => void,
): Observable<readonly SourceNode[]> {
  const lists$ = new Observable<readonly SourceNode[]>((subscriber) =>
    listsOf(source, context).subscribe(subscriber),
  );
  return concat(
    lists$.pipe(
      retry({
        delay: (error: unknown) => {
          onFault(error instanceof Error ? error.message : String(error));
          return timer(RETRY_MS, context.scheduler);
        },
      }),
    ),
    NEVER,
  );
}
