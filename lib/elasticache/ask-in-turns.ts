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

export interface AskingOptions {
  readonly context: Pick<SourceContext, 'signals$' | 'seeking$' | 'scheduler'>;
  readonly gaps: Gaps;
  readonly random: () => number;
}

/** Asks again and again, never twice at a time. A failure is an outcome; nothing but the next call follows from it. */
export function askInTurns<T>(ask: () => Observable<T>, options: AskingOptions): Observable<Outcome<T>> {
  return new Observable((subscriber) => {
    const asking = new Asking(options);
    subscriber.add(reasonsIn(options.context).subscribe((kind) => asking.note(kind)));
    const outcome$ = defer(() => {
      asking.begin();
      return ask().pipe(
        map((value): Outcome<T> => ({ kind: 'answered', value })),
        catchError((error: unknown) => of<Outcome<T>>({ kind: 'failed', error })),
        tap(({ kind }) => asking.end(kind)),
      );
    });
    subscriber.add(outcome$.pipe(repeat({ delay: () => asking.next() })).subscribe(subscriber));
  });
}

/** The first state of `seeking$` is that of the beginning, and the first call is under way then. */
function reasonsIn({ signals$, seeking$ }: AskingOptions['context']): Observable<'signal' | 'master lost'> {
  return merge(
    signals$.pipe(map(() => 'signal' as const)),
    seeking$.pipe(
      skip(1),
      filter((isSeeking) => isSeeking),
      map(() => 'master lost' as const),
    ),
  );
}

/** The turns of one subscription as they go on. */
class Asking {
  readonly #options: AskingOptions;
  readonly #disturbed$ = new Subject<void>();
  #turns: Turns;
  #askedAt = -Infinity;

  constructor(options: AskingOptions) {
    this.#options = options;
    this.#turns = firstTurns(options.gaps);
  }

  begin(): void {
    this.#askedAt = this.#now;
  }

  end(outcome: Outcome<unknown>['kind']): void {
    this.#turns = outcome === 'answered' ? onAnswer(this.#turns) : onFailure(this.#turns);
  }

  note(kind: 'signal' | 'master lost'): void {
    const { gaps } = this.#options;
    const isNew = isNewDisturbance(this.#turns, { at: this.#now, kind }, gaps);
    this.#turns = onDisturbance(this.#turns, this.#now, isNew ? gaps.minGapMs : this.#turns.gapMs);
    if (isNew) {
      this.#disturbed$.next();
    }
  }

  /** Emits when the next call is due. While calls fail, nothing brings it forward. */
  next(): Observable<unknown> {
    const { gaps, random, context } = this.#options;
    const { gapMs, turns } = nextTurn(this.#turns, gaps, random());
    this.#turns = turns;
    const dueAt = this.#now + gapMs;
    return this.#disturbed$.pipe(
      filter(() => this.#turns.failures === 0),
      map(() => Math.min(dueAt, Math.max(this.#now, this.#askedAt + gaps.minGapMs))),
      startWith(dueAt),
      switchMap((at) => timer(at - this.#now, context.scheduler)),
      take(1),
    );
  }

  get #now(): number {
    return this.#options.context.scheduler.now();
  }
}
