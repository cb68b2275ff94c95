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
  /** A node has accepted this login. */
  readonly accepted: (login: Login, node: string) => void;
  /** What `accepted` was called with. */
  readonly accepted$: Observable<Acceptance>;
  /** A node has refused this login on a connection that is open. Emits when it is to be sent again. */
  readonly retry: (login: Login, refusal: Refusal) => Observable<unknown>;
}

export interface Acceptance {
  readonly login: Login;
  readonly node: string;
}

export interface Refusal {
  readonly node: string;
  readonly error: Error;
}

/** The credentials in options, as they are when a connection logs in. */
export function fixedLogins(options: Login): Logins {
  const login = async () => ({ username: options.username, password: options.password });
  return {
    login,
    refused: () => undefined,
    renewed$: NEVER,
    accepted: () => undefined,
    accepted$: NEVER,
    retry: () => NEVER,
  };
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

/** Emits if a connection that has logged in with `sent` should have used another login: one renewed during its handshake. */
export function missedSince(logins: Logins, sent: Login): Observable<Login> {
  return defer(() => logins.login()).pipe(
    filter((login) => !isSameLogin(login, sent)),
    catchError(() => EMPTY),
  );
}

/** Emits when a node accepts another login than `sent`, which a connection to it has logged in with. */
export function acceptedSince(logins: Logins, { node, sent }: LoggedIn): Observable<unknown> {
  return merge(
    logins.accepted$.pipe(
      filter((acceptance) => acceptance.node === node && !isSameLogin(acceptance.login, sent)),
    ),
    missedSince(logins, sent),
  );
}

/** A connection that has logged in. */
export interface LoggedIn {
  readonly node: string;
  readonly sent: Login;
}

export function isSameLogin(one: Login, other: Login): boolean {
  return one.username === other.username && one.password === other.password;
}

export function isWrongPassword(error: unknown): boolean {
  return error instanceof Error && /^WRONGPASS\b/.test(error.message);
}
