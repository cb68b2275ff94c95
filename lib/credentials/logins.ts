import { catchError, defer, EMPTY, filter, merge, NEVER, type Observable } from 'rxjs';
import type { Login } from './credentials.js';

/** What connections need of the credentials. */
export interface Logins {
  /** What to log in with now. */
  readonly login: () => Promise<Login>;
  /** A server refused this login. */
  readonly refused: (login: Login) => void;
  /** Emits when connections that are open have to log in again. */
  readonly renewed$: Observable<Login>;
}

/** The credentials in options, as they are when a connection logs in. */
export function fixedLogins(options: Login): Logins {
  const login = async () => ({ username: options.username, password: options.password });
  return { login, refused: () => undefined, renewed$: NEVER };
}

/**
 * Logs in, and once more with what the app gives then if the server refuses a login that is not the latest.
 *
 * @returns the login that the server has accepted.
 */
export async function logInWith(logins: Logins, attempt: (login: Login) => Promise<unknown>): Promise<Login> {
  const login = await logins.login();
  try {
    await attempt(login);
    return login;
  } catch (error) {
    if (!isWrongPassword(error)) {
      throw error;
    }
    logins.refused(login);
    const next = await logins.login();
    if (isSameLogin(next, login)) {
      throw error;
    }
    await attempt(next);
    return next;
  }
}

/** What a connection that has logged in with `sent` has to log in with again: also what was renewed during its handshake. */
export function renewalsSince(logins: Logins, sent: Login): Observable<Login> {
  const missed$ = defer(() => logins.login()).pipe(
    filter((login) => !isSameLogin(login, sent)),
    catchError(() => EMPTY),
  );
  return merge(logins.renewed$, missed$);
}

/** Has a connection that has logged in with `sent` log in again whenever that is due, until it is closed. */
export function keepLoggedIn(
  logins: Logins,
  { sent, closed }: { readonly sent: Login; readonly closed: Promise<void> },
  logIn: (login: Login) => Promise<unknown> | void,
): void {
  const renewing = renewalsSince(logins, sent).subscribe((login) => {
    // What is refused is told when the connection is closed for it.
    Promise.resolve(logIn(login)).catch(() => undefined);
  });
  void closed.then(() => renewing.unsubscribe());
}

export function isSameLogin(one: Login, other: Login): boolean {
  return one.username === other.username && one.password === other.password;
}

export function isWrongPassword(error: unknown): boolean {
  return error instanceof Error && /^WRONGPASS\b/.test(error.message);
}
