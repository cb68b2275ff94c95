import {
  catchError,
  defer,
  filter,
  map,
  merge,
  Observable,
  of,
  repeat,
  skip,
  startWith,
  Subject,
  switchMap,
  take,
  tap,
  timer,
} from 'rxjs';
import type { SourceContext } from '../sources/node-source.js';
import {
  firstTurns,
  isNewDisturbance,
  nextTurn,
  onAnswer,
  onDisturbance,
  onFailure,
  type Gaps,
  type Turns,
} from './turns.js';

export type Outcome<T> =
  { readonly kind: 'answered'; readonly value: T } | { readonly kind: 'failed'; readonly error: unknown };

interface Asking {
  readonly context: Pick<SourceContext, 'signals$' | 'seeking$' | 'scheduler'>;
  readonly gaps: Gaps;
  readonly random: () => number;
}

/** Asks again and again, never twice at a time. A failure is an outcome; nothing but the next call follows from it. */
export function askInTurns<T>(
  ask: () => Observable<T>,
  { context, gaps, random }: Asking,
): Observable<Outcome<T>> {
  const { signals$, seeking$, scheduler } = context;
  return new Observable((subscriber) => {
    let turns: Turns = firstTurns(gaps);
    let askedAt = -Infinity;
    const disturbed$ = new Subject<void>();
    const reasons$ = merge(
      signals$.pipe(map(() => 'signal' as const)),
      // The first value is the state at the beginning, and the first call is under way then.
      seeking$.pipe(
        skip(1),
        filter((isSeeking) => isSeeking),
        map(() => 'master lost' as const),
      ),
    );
    subscriber.add(
      reasons$.subscribe((kind) => {
        const at = scheduler.now();
        const isNew = isNewDisturbance(turns, { at, kind }, gaps);
        turns = isNew ? onDisturbance(turns, at, gaps) : { ...turns, disturbedAt: at };
        if (isNew) {
          disturbed$.next();
        }
      }),
    );
    const outcome$ = defer(() => {
      askedAt = scheduler.now();
      return ask().pipe(
        map((value): Outcome<T> => ({ kind: 'answered', value })),
        catchError((error: unknown) => of<Outcome<T>>({ kind: 'failed', error })),
        tap(({ kind }) => {
          turns = kind === 'answered' ? onAnswer(turns) : onFailure(turns);
        }),
      );
    });
    const whenDue = () => {
      const next = nextTurn(turns, gaps, random());
      turns = next.turns;
      const dueAt = scheduler.now() + next.gapMs;
      return disturbed$.pipe(
        filter(() => turns.failures === 0),
        map(() => Math.min(dueAt, Math.max(scheduler.now(), askedAt + gaps.minGapMs))),
        startWith(dueAt),
        switchMap((at) => timer(at - scheduler.now(), scheduler)),
        take(1),
      );
    };
    subscriber.add(outcome$.pipe(repeat({ delay: whenDue })).subscribe(subscriber));
  });
}
