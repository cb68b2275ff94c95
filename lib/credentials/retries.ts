import { defer, Subscription, timer, type Observable, type SchedulerLike } from 'rxjs';
import type { Notices } from '../notices/notices.js';
import { line } from '../topology/log-line.js';
import type { Login } from './credentials.js';
import type { Refusal } from './logins.js';
import { retryAfterMs } from './renewal.js';
import { Renewals } from './renewals.js';

interface RetryOptions {
  readonly scheduler: SchedulerLike;
  readonly notices: Pick<Notices, 'raise' | 'end'>;
  /** What operators are told begins with it. */
  readonly subject: string;
}

/** The app is asked `at once` for other credentials, or `when due`: not again for what it has just given. */
export type Urgency = 'at once' | 'when due';

/**
 * Has open connections send a login again that nodes have refused: all of them in rounds with growing pauses, a few in each
 * millisecond. There are rounds as long as a connection is refused. Operators are told once for each node.
 */
export class Retries {
  readonly #options: RetryOptions;
  readonly #ask: (urgency: Urgency) => void;
  readonly #refused: Renewals;
  #round = Subscription.EMPTY;
  #latest: { readonly login: Login; readonly rounds: number } | undefined;

  /** `ask` has the app asked for others, without waiting for them. */
  constructor(options: RetryOptions, ask: (urgency: Urgency) => void) {
    this.#options = options;
    this.#ask = ask;
    this.#refused = new Renewals(options.scheduler);
  }

  /** A node has refused this login. Emits when it is to be sent again. */
  after(login: Login, { node, error }: Refusal): Observable<unknown> {
    return defer(() => {
      const { notices, subject } = this.#options;
      notices.raise(`${subject} ${node}`, {
        code: 'RR444',
        level: 'warn',
        ...line`${{ subject }}: ${{ node }} refuses those that were renewed: ${{ refusal: codeOf(error) }}; open connections stay logged in with those before, and try again with increasing pauses`,
      });
      this.#begin(login);
      return this.#refused.renewed$;
    });
  }

  /** A node has accepted the latest login. */
  accepted(node: string): void {
    const { notices, subject } = this.#options;
    notices.end(`${subject} ${node}`, {
      code: 'RR445',
      level: 'log',
      ...line`${{ subject }}: ${{ node }} accepts those that were renewed`,
    });
  }

  stop(): void {
    this.#round.unsubscribe();
    this.#refused.stop();
  }

  #begin(login: Login): void {
    const rounds = this.#latest?.login === login ? this.#latest.rounds : 0;
    if (rounds > 0 && !this.#round.closed) {
      return;
    }
    this.stop();
    this.#latest = { login, rounds: rounds + 1 };
    this.#round = timer(retryAfterMs(rounds + 1), this.#options.scheduler).subscribe(() => {
      this.#ask('when due');
      this.#refused.tell(login);
    });
    if (rounds === 0) {
      this.#ask('at once');
    }
  }
}

/** Nothing else of the text, which may quote what was sent. */
function codeOf({ message }: Error): string {
  return /^[A-Z]+/.exec(message)?.[0] ?? 'an error';
}
