import { interval, Observable, Subscription, takeWhile, type SchedulerLike } from 'rxjs';
import type { Login } from './credentials.js';

/** How many connections log in again in one millisecond. */
const CONNECTIONS_PER_TURN = 2;
const TURN_MS = 1;

/**
 * Tells all connections a new login, a few in each millisecond: if a thousand of them logged in again in one turn, the
 * commands of the app would wait for all of these.
 */
export class Renewals {
  readonly #scheduler: SchedulerLike;
  readonly #connections = new Set<(login: Login) => void>();
  #telling = Subscription.EMPTY;
  readonly renewed$ = new Observable<Login>((subscriber) => {
    const connection = (login: Login) => subscriber.next(login);
    this.#connections.add(connection);
    return () => this.#connections.delete(connection);
  });

  constructor(scheduler: SchedulerLike) {
    this.#scheduler = scheduler;
  }

  /** Those that were not told the login before are told this one only. */
  tell(login: Login): void {
    this.stop();
    const waiting = [...this.#connections];
    const tellSome = () => waiting.splice(0, CONNECTIONS_PER_TURN).forEach((connection) => connection(login));
    tellSome();
    this.#telling = interval(TURN_MS, this.#scheduler)
      .pipe(takeWhile(() => waiting.length > 0))
      .subscribe(tellSome);
  }

  stop(): void {
    this.#telling.unsubscribe();
  }
}
