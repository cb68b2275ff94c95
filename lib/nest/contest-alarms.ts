import {
  connect,
  distinctUntilChanged,
  EMPTY,
  of,
  ReplaySubject,
  switchMap,
  timer,
  type Observable,
} from 'rxjs';
import type { ChangeNote } from '../topology/describe-change.js';
import { describeContest } from '../topology/describe-contest.js';
import { line } from '../topology/log-line.js';
import { masterOf, type Topology } from '../topology/topology.js';

/** Ordinary swaps are contested for some milliseconds, and nobody should be paged for that. */
const ALARM_AFTER_MS = 1000;

/** An error for each contest that lasts, again if it changes, and a line when it is over. */
export function contestAlarms(topology$: Observable<Topology>): Observable<ChangeNote> {
  return topology$.pipe(connect(raiseAlarms, { connector: () => new ReplaySubject(1) }));
}

function raiseAlarms(topology$: Observable<Topology>): Observable<ChangeNote> {
  let state: 'quiet' | 'alarmed' = 'quiet';
  return topology$.pipe(
    // The time runs from the first claim, also where claimants come and go.
    distinctUntilChanged((a, b) => a.kind === 'contested' && b.kind === 'contested'),
    switchMap((topology): Observable<ChangeNote> => {
      if (topology.kind === 'contested') {
        return timer(ALARM_AFTER_MS).pipe(
          switchMap(() => {
            state = 'alarmed';
            return topology$.pipe(
              distinctUntilChanged((a, b) => identify(a) === identify(b)),
              switchMap(describe),
            );
          }),
        );
      }
      const wasAlarmed = state === 'alarmed';
      state = 'quiet';
      return wasAlarmed ? of(describeEnd(topology)) : EMPTY;
    }),
  );
}

function describe(topology: Topology): Observable<ChangeNote> {
  return topology.kind === 'contested' ? of(describeContest(topology)) : EMPTY;
}

/** What makes a contest another one for an operator; the moment at which time settles it may be put off often. */
function identify(topology: Topology): string {
  return topology.kind === 'contested'
    ? `${topology.claimants.join()} ${topology.master ?? ''} ${topology.settlesAt === undefined}`
    : '';
}

function describeEnd(topology: Topology): ChangeNote {
  const master = masterOf(topology);
  const outcome =
    master === undefined ? line`no node claims to be the master` : line`master is ${{ master }}`;
  return {
    code: 'RR112',
    level: 'log',
    ...line`the contest is over: ${outcome}, generation ${{ generation: topology.generation }}`,
  };
}
