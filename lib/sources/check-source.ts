import { isObservable, map, type Observable } from 'rxjs';
import { describeValue } from '../options/describe-value.js';
import { throwFaults } from '../options/rules.js';
import { endpointFaults } from './endpoint-faults.js';
import type { NodeSource, SourceContext, SourceNode } from './node-source.js';

/** How many faults of a list are named. */
const MAX_FAULTS = 3;

/**
 * Calls a source, which may be of the app's own and not checked by a compiler. Its lists are checked and copied.
 *
 * @throws TypeError if the source returns no observable. The observable fails with such an error at the first bad list.
 */
export function listsOf(source: NodeSource, context: SourceContext): Observable<readonly SourceNode[]> {
  const lists$: unknown = source(context);
  if (!isObservable(lists$)) {
    throw new TypeError(`it returned ${describeResult(lists$)}; allowed is an Observable of lists of nodes`);
  }
  return lists$.pipe(map(checkList));
}

function describeResult(result: unknown): string {
  if (!(result instanceof Promise)) {
    return describeValue(result);
  }
  // Nobody else handles its rejection, which would end the process.
  result.catch(() => undefined);
  return 'a promise';
}

function checkList(list: unknown): readonly SourceNode[] {
  if (!isList(list)) {
    throw new TypeError(`it emitted ${describeValue(list)}; allowed is a list of { host, port }`);
  }
  const faults = list.flatMap((each, index) => endpointFaults(each, `node ${index + 1}`));
  throwFaults(faults.slice(0, MAX_FAULTS));
  return list.filter(isEndpoint).map((each) => ({ ...each }));
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isEndpoint(value: unknown): value is SourceNode {
  return endpointFaults(value, '').length === 0;
}
