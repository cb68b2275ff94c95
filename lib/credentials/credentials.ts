import { isObservable, type Observable } from 'rxjs';
import { allow, allowSecret, findFaults, throwFaults } from '../options/rules.js';

/**
 * What a connection logs in with.
 *
 * @publicApi
 */
export interface Credentials {
  /** The ACL user. Default: that of the server, `default`. */
  readonly username?: string;
  readonly password: string;
  /**
   * When the server stops accepting them: a `Date`, or milliseconds since the epoch. They are renewed before that. Default:
   * never.
   */
  readonly expiresAt?: Date | number;
}

/**
 * Where credentials come from that change while the app runs.
 *
 * - A function is called when the first connection needs them, before they expire, and when a server refuses them. However
 *   many connections wait, it is called once. If it fails, it is called again after 0.1 s, then less and less often, up to
 *   every 30 s; until then the credentials before stay in use.
 * - An observable is subscribed to once. The latest credentials are used.
 *
 * @publicApi
 */
export type CredentialsProvider = (() => Credentials | Promise<Credentials>) | Observable<Credentials>;

/** What a connection sends. */
export interface Login {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

const aSecret = allowSecret('a non-empty string', (value) => typeof value === 'string' && value !== '');
const rules = {
  username: aSecret,
  password: aSecret,
  expiresAt: allow('a Date or a number of milliseconds since the epoch', (value) =>
    Number.isFinite(value instanceof Date ? value.getTime() : value),
  ),
};

export const credentialsRule = allow(
  'a function or an observable of credentials',
  (value) => typeof value === 'function' || isObservable(value),
);

const subjectOf = (key: string) => `"${key}" of the credentials`;

/** @throws TypeError that names each field that is wrong, and no secret. */
export function checkCredentials(given: Credentials): Credentials {
  throwFaults(findFaults(rules, given, { subjectOf, required: ['password'] }));
  return given;
}

/** In milliseconds since the epoch. */
export function expiryOf({ expiresAt = Infinity }: Credentials): number {
  return expiresAt instanceof Date ? expiresAt.getTime() : expiresAt;
}
