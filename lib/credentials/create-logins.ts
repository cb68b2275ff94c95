import { epochOffsetMs, monotonicMs, monotonicScheduler } from '../clock/clock.js';
import type { Notices } from '../notices/notices.js';
import { CredentialsHolder } from './credentials-holder.js';
import type { CredentialsProvider } from './credentials.js';
import type { Logins } from './logins.js';

/** What the connections of one instance log in with. `close` ends it, until `reopen`. */
export type OwnedLogins = Logins & Pick<CredentialsHolder, 'ageMs' | 'close' | 'reopen'>;

/** `undefined` if the credentials are fixed. `subject` is what operators know them by. */
export function createLogins(
  provider: CredentialsProvider | undefined,
  notices: Pick<Notices, 'raise' | 'end'>,
  subject = 'credentials',
): OwnedLogins | undefined {
  if (provider === undefined) {
    return undefined;
  }
  return new CredentialsHolder({
    provider,
    scheduler: monotonicScheduler,
    epochNow: () => monotonicMs() + epochOffsetMs(),
    notices,
    subject,
  });
}
