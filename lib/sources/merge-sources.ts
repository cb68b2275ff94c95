import {
  combineLatest,
  defer,
  distinctUntilChanged,
  filter,
  map,
  merge,
  scan,
  startWith,
  tap,
  timer,
  type Observable,
} from 'rxjs';
import { aFunction, throwFaults } from '../options/rules.js';
import { formatEndpoint } from '../topology/endpoint.js';
import { line } from '../topology/log-line.js';
import { keepTrying } from './keep-trying.js';
import type { NodeSource, SourceContext, SourceNode } from './node-source.js';

/** How long a source may be silent before the others begin without it. */
const PATIENCE_MS = 2000;

/**
 * All nodes that any of these sources lists, such as those of a cloud's API and a few that are written down, so that the
 * app starts while one of them is out of reach. Of a node that several list, each fact is taken from the first that states
 * it; a node is the intended master if one of them says so, and if two of them mean different servers, that settles
 * nothing (M19 in `docs/who-is-master.md`).
 *
 * The first list waits until each source has emitted one, for at most two seconds. A source that fails stops no other: the
 * log names it, its last list stays in use, and it is called again after a second.
 *
 * @throws TypeError if there is no source, or one of them is no function.
 * @publicApi
 */
export function mergeSources(...sources: readonly NodeSource[]): NodeSource {
  if (sources.length === 0) {
    throw new TypeError('mergeSources: there is no source; name at least one');
  }
  throwFaults(
    sources.flatMap((source, index) => aFunction(nameOf(index), source)),
    'mergeSources: ',
  );
  return (context) =>
    defer(() => {
      const known$ = merge(...sources.map((source, index) => listsFrom(source, index, context))).pipe(
        scan(
          (lists: readonly Listed[], { index, list }) => lists.with(index, list),
          sources.map(() => undefined),
        ),
      );
      const isPatient$ = timer(PATIENCE_MS, context.scheduler).pipe(
        map(() => false),
        startWith(true),
      );
      return combineLatest([known$, isPatient$]).pipe(
        filter(([lists, isPatient]) => !isPatient || lists.every((list) => list !== undefined)),
        map(([lists]) => unite(lists.flatMap((list) => list ?? []))),
        distinctUntilChanged((a, b) => JSON.stringify(a) === JSON.stringify(b)),
      );
    });
}

/** The last list of one source; `undefined` before the first. */
type Listed = readonly SourceNode[] | undefined;

function listsFrom(
  source: NodeSource,
  index: number,
  context: SourceContext,
): Observable<{ readonly index: number; readonly list: readonly SourceNode[] }> {
  const { notices } = context;
  const name = `${nameOf(index)} of mergeSources`;
  const own: SourceContext = {
    ...context,
    notices: notices && {
      raise: (topic, told, code) => notices.raise(`${name}: ${topic}`, told, code),
      end: (topic, told, code) => notices.end(`${name}: ${topic}`, told, code),
    },
  };
  return keepTrying(source, own, (reason) =>
    notices?.raise(name, line`${{ source: name }} failed: ${{ reason }}`, 'RR310'),
  ).pipe(
    tap(() => notices?.end(name, line`${{ source: name }} lists nodes again`, 'RR311')),
    map((list) => ({ index, list })),
  );
}

function nameOf(index: number): string {
  return `source ${index + 1}`;
}

function unite(nodes: readonly SourceNode[]): readonly SourceNode[] {
  const united = new Map<string, SourceNode>();
  for (const node of nodes) {
    const name = formatEndpoint(node);
    const before = united.get(name);
    united.set(name, before === undefined ? node : join(before, node));
  }
  return [...united.values()];
}

/** Doubts about an address stand only while no source is without them. */
function join(first: SourceNode, next: SourceNode): SourceNode {
  const { derived: _derived, credentials: _credentials, ...facts } = { ...next, ...first };
  return {
    ...facts,
    ...(first.derived === true && next.derived === true && { derived: true }),
    ...(first.credentials !== undefined &&
      next.credentials !== undefined && { credentials: first.credentials }),
  };
}
