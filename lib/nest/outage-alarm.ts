import { distinctUntilChanged, EMPTY, map, switchMap, tap, timer, type Observable } from 'rxjs';
import type { Notices } from '../notices/notices.js';
import { line } from '../topology/log-line.js';
import { whyWait } from '../topology/pick.js';
import { masterOf, type Topology } from '../topology/topology.js';

/** Tells that there has been no master for as long as commands are held, and when there is one again. */
export function alarmOnOutage(
  topology$: Observable<Topology>,
  notices: Notices,
  limitMs: number,
): Observable<unknown> {
  let latest: Topology | undefined;
  return topology$.pipe(
    tap((topology) => (latest = topology)),
    map(masterOf),
    distinctUntilChanged(),
    switchMap((master) => {
      if (master !== undefined) {
        notices.end(TOPIC, { code: 'RR106', level: 'log', ...line`there is a master again: ${{ master }}` });
        return EMPTY;
      }
      return timer(limitMs).pipe(
        tap(() => {
          const why = latest === undefined ? line`` : line`; ${{ reason: whyWait(latest) }}`;
          notices.raise(TOPIC, {
            code: 'RR105',
            level: 'error',
            ...line`no master for ${{ limitMs }} ms${why}`,
          });
        }),
      );
    }),
  );
}

const TOPIC = 'outage';
