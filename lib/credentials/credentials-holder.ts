import {
  defer,
  firstValueFrom,
  from,
  isObservable,
  map,
  NEVER,
  Subject,
  Subscription,
  timer,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import type { Notices } from '../notices/notices.js';
import { line } from '../topology/log-line.js';
import { withoutCredentials } from '../topology/without-credentials.js';
import {
  checkCredentials,
  expiryOf,
  type Credentials,
  type CredentialsProvider,
  type Login,
} from './credentials.js';
import { isSameLogin, type Acceptance, type Refusal } from './logins.js';
import { renewAfterMs, retryAfterMs } from './renewal.js';
import { Renewals } from './renewals.js';
import { Retries, type Urgency } from './retries.js';

/** The app is not asked again within this time for what it has just given, refused by a server or expired though it is. */
const PAUSE_MS = 1000;

interface HolderOptions {
  readonly provider: CredentialsProvider;
  /** Its `now()` is the monotonic clock. */
  readonly scheduler: SchedulerLike;
  /** Milliseconds since the epoch, in which the app says when its credentials expire. */
  readonly epochNow: () => number;
  readonly notices: Pick<Notices, 'raise' | 'end'>;
  /** What operators are told begins with it. */
  readonly subject: string;
}

interface Held {
  readonly login: Login;
  /** In milliseconds of the monotonic clock. */
  readonly until: number;
  /** When the app gave it, in milliseconds of the monotonic clock. */
  readonly givenAt: number;
}

type Answer =
  { readonly kind: 'given'; readonly login: Login } | { readonly kind: 'failed'; readonly error: Error };

/** Hands the same login to all connections, and renews it: the app is asked once, however many of them wait. */
export class CredentialsHolder {
  readonly #options: HolderOptions;
  readonly #provided$: Observable<Credentials>;
  readonly #answers$ = new Subject<Answer>();
  readonly #accepted$ = new Subject<Acceptance>();
  readonly #renewals: Renewals;
  readonly #retries: Retries;
  /** Emits when a connection that is open has to log in again. */
  readonly renewed$: Observable<Login>;
  /** Emits when a node has accepted a login. */
  readonly accepted$ = this.#accepted$.asObservable();
  #state: 'open' | 'closed' = 'open';
  #held: Held | undefined;
  #asking = Subscription.EMPTY;
  #askedAt = -Infinity;
  #renewing = Subscription.EMPTY;
  #failure: { readonly error: Error; readonly times: number; readonly retryAt: number } | undefined;

  constructor(options: HolderOptions) {
    const { provider } = options;
    this.#options = options;
    this.#renewals = new Renewals(options.scheduler);
    this.renewed$ = this.#renewals.renewed$;
    this.#retries = new Retries(options, (urgency) => this.#askAgain(urgency));
    this.#provided$ = (
      isObservable(provider) ? provider : defer(() => from(Promise.resolve().then(provider)))
    ).pipe(map(checkCredentials));
  }

  /** What to log in with now. Rejects if the app has not given anything, with the reason. */
  async login(): Promise<Login> {
    const held = this.#held;
    if (this.#state === 'closed') {
      throw closed.error;
    }
    if (held !== undefined && this.#isUsable(held)) {
      return held.login;
    }
    const answer = firstValueFrom(this.#answers$);
    if (this.#ask() === 'later') {
      return held?.login ?? Promise.reject(this.#failure?.error ?? closed.error);
    }
    return settle(await answer);
  }

  /** How long ago the app gave what connections log in with now, in milliseconds; `undefined` before it has. */
  get ageMs(): number | undefined {
    return this.#held && this.#now() - this.#held.givenAt;
  }

  /** A server refused this login. If it is the latest, the app is asked for another by the next call of `login`. */
  refused(login: Login): void {
    if (this.#held?.login === login && !this.#isRecent) {
      this.#held = { ...this.#held, until: -Infinity };
    }
  }

  /** A node has accepted this login. */
  accepted(login: Login, node: string): void {
    if (this.#held?.login === login) {
      this.#retries.accepted(node);
    }
    this.#accepted$.next({ login, node });
  }

  /** A node has refused this login on a connection that is open. Emits when it is to be sent again. */
  retry(login: Login, refusal: Refusal): Observable<unknown> {
    return this.#held?.login === login ? this.#retries.after(login, refusal) : NEVER;
  }

  /** Ends everything, until `reopen` is called. Who waits for a login gets an error. */
  close(): void {
    this.#state = 'closed';
    this.#asking.unsubscribe();
    this.#renewing.unsubscribe();
    this.#renewals.stop();
    this.#retries.stop();
    this.#answers$.next(closed);
    if (isObservable(this.#options.provider)) {
      this.#held = undefined;
    }
  }

  /** Goes on with what the app gave last, and with the pauses after its failures. */
  reopen(): void {
    this.#state = 'open';
    if (this.#held !== undefined) {
      this.#renewAfter(renewAfterMs(this.#held.until - this.#now()));
    }
  }

  #now(): number {
    return this.#options.scheduler.now();
  }

  /** Asking for what has just been given gives the same. */
  get #isRecent(): boolean {
    return this.#asking.closed && this.#now() < this.#askedAt + PAUSE_MS;
  }

  #isUsable({ until }: Held): boolean {
    return this.#now() < until || this.#isRecent;
  }

  /** Whether an answer is under way. An observable that is subscribed to already emits when it likes. */
  #ask(): 'now' | 'later' {
    if (!this.#asking.closed) {
      return isObservable(this.#options.provider) && this.#held !== undefined ? 'later' : 'now';
    }
    if (this.#now() < (this.#failure?.retryAt ?? -Infinity)) {
      return 'later';
    }
    this.#askedAt = this.#now();
    this.#asking = new Subscription();
    this.#asking.add(
      this.#provided$.subscribe({
        next: (credentials) => this.#accept(credentials),
        error: (error: unknown) => this.#fail(error),
        complete: () => this.#asking.unsubscribe(),
      }),
    );
    return 'now';
  }

  /** An observable emits when it likes. */
  #askAgain(urgency: Urgency): void {
    if (!isObservable(this.#options.provider) && (urgency === 'at once' || !this.#isRecent)) {
      this.#ask();
    }
  }

  #accept(credentials: Credentials): void {
    const { notices, epochNow, subject } = this.#options;
    const { username, password } = credentials;
    const validMs = expiryOf(credentials) - epochNow();
    const before = this.#held?.login;
    const given = { username, password };
    const isSame = before !== undefined && isSameLogin(before, given);
    const login = isSame ? before : given;
    this.#held = { login, until: this.#now() + validMs, givenAt: this.#now() };
    this.#failure = undefined;
    notices.end(subject, { code: 'RR441', level: 'log', ...line`${{ subject }}: the app gives them again` });
    this.#renewAfter(renewAfterMs(validMs), isSame || validMs <= 0 ? PAUSE_MS : 0);
    this.#answers$.next({ kind: 'given', login });
    if (before !== undefined && !isSame) {
      this.#retries.stop();
      this.#renewals.tell(login);
    }
  }

  #fail(reason: unknown): void {
    this.#asking.unsubscribe();
    const times = (this.#failure?.times ?? 0) + 1;
    const afterMs = retryAfterMs(times);
    const error = new Error(`the app gave no credentials: ${textOf(reason)}`);
    this.#failure = { error, times, retryAt: this.#now() + afterMs };
    const { notices, subject } = this.#options;
    notices.raise(subject, {
      code: 'RR440',
      level: 'warn',
      ...line`${{ subject }}: ${{ reason: error.message }}; asked again with increasing pauses`,
    });
    this.#renewAfter(afterMs);
    this.#answers$.next(
      this.#held === undefined ? { kind: 'failed', error } : { kind: 'given', login: this.#held.login },
    );
  }

  #renewAfter(delayMs: number | undefined, leastMs = 0): void {
    this.#renewing.unsubscribe();
    if (delayMs !== undefined && !isObservable(this.#options.provider)) {
      this.#renewing = timer(Math.max(delayMs, leastMs), this.#options.scheduler).subscribe(() =>
        this.#ask(),
      );
    }
  }
}

const closed = { kind: 'failed', error: new Error('Connection is closed.') } as const satisfies Answer;

function settle(answer: Answer): Login {
  if (answer.kind === 'failed') {
    throw answer.error;
  }
  return answer.login;
}

function textOf(reason: unknown): string {
  return withoutCredentials(reason instanceof Error ? reason.message : String(reason));
}
