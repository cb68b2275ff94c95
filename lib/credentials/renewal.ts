/** How much of its lifetime a credential has left when it is renewed, at most. */
const SHARE_LEFT = 0.2;
/** Enough to ask a slow service several times. */
const MOST_LEFT_MS = 60_000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 30_000;
/** Timers of Node.js take no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How long to wait before credentials that are valid for `validMs` are renewed. `undefined`: for ever. */
export function renewAfterMs(validMs: number): number | undefined {
  if (validMs === Infinity) {
    return undefined;
  }
  const left = Math.min(SHARE_LEFT * validMs, MOST_LEFT_MS);
  return Math.min(Math.max(0, validMs - left), LONGEST_TIMER_MS);
}

/** How long to wait before the app is asked again, after it has failed so many times in a row. */
export function retryAfterMs(failures: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS);
}
