import { epochOffsetMs, monotonicMs, monotonicScheduler } from '../clock/clock.js';
import type { Notices } from '../notices/notices.js';
import { CredentialsHolder } from './credentials-holder.js';
import type { CredentialsProvider } from './credentials.js';
import type { Logins } from './logins.js';

/** What the connections of one instance log in with. `close` ends it. */
export type OwnedLogins = Logins & { readonly close: () => void };

/** `undefined` if the credentials are fixed, in the options of ioredis. */
export function createLogins(
  provider: CredentialsProvider | undefined,
  notices: Notices,
): OwnedLogins | undefined {
  if (provider === undefined) {
    return undefined;
  }
  return new CredentialsHolder({
    provider,
    scheduler: monotonicScheduler,
    epochNow: () => monotonicMs() + epochOffsetMs(),
    notices,
  });
}
