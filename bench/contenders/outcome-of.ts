import { NotAppliedError, UnknownOutcomeError } from 'nestjs-redis-replication';

/** `failed`: the error reports that the write was not applied. `unknown`: the caller cannot know. */
export type Outcome = 'failed' | 'unknown';

/** The server's own refusals, which each client reports in its own words. */
const refusal = /\b(READONLY|LOADING|MASTERDOWN|NOREPLICAS|ReadOnly|BusyLoading|MasterDown)\b/;

/** What an app can conclude from the error with which a write was rejected. */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof NotAppliedError) return 'failed';
  if (error instanceof UnknownOutcomeError) return 'unknown';
  return error instanceof Error && refusal.test(error.message) ? 'failed' : 'unknown';
}
