import {
  catchError,
  defer,
  ignoreElements,
  merge,
  of,
  retry,
  switchMap,
  tap,
  throwError,
  timer,
  type Observable,
  type ObservableInput,
} from 'rxjs';
import { isLoginNotNeeded } from '../wire/login.js';
import type { Login } from './credentials.js';
import { missedSince, type LoggedIn, type Logins } from './logins.js';
import { retryAfterMs } from './renewal.js';

/** Sends a login on an open connection, and emits when the node has accepted it. */
type LogIn = (login: Login) => ObservableInput<unknown>;

/**
 * Has an open connection log in again whenever that is due, and again and again while the node refuses: it is what the
 * connection logged in with before that ends at last. Emits no values.
 */
export function renewLogin(logins: Logins, { sent, node }: LoggedIn, logIn: LogIn): Observable<never> {
  return defer(() => {
    logins.accepted(sent, node);
    return merge(logins.renewed$, missedSince(logins, sent));
  }).pipe(
    switchMap((login) =>
      defer(() => logIn(login)).pipe(
        catchError(unlessNotNeeded),
        tap({ complete: () => logins.accepted(login, node) }),
        retry({
          delay: (error, times) =>
            isRefusal(error)
              ? logins.retry(login, { node, error })
              : // It was not sent, such as while the connection is subscribed to channels, or its reply was lost.
                timer(retryAfterMs(times)),
        }),
      ),
    ),
    ignoreElements(),
  );
}

/** The same, until the connection is closed. */
export function keepLoggedIn(
  logins: Logins,
  { closed, ...loggedIn }: LoggedIn & { readonly closed: Promise<void> },
  logIn: LogIn,
): void {
  const renewing = renewLogin(logins, loggedIn, logIn).subscribe();
  void closed.then(() => renewing.unsubscribe());
}

function unlessNotNeeded(error: unknown): Observable<unknown> {
  return isRefusal(error) && isLoginNotNeeded(error.message) ? of('not needed') : throwError(() => error);
}

/** The error of ioredis and that of `wire/` have this name. */
function isRefusal(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}
