import { NotAppliedError, UnknownOutcomeError } from 'nestjs-redis-replication';

/** `failed`: the caller is told that the write was not applied. `unknown`: the caller cannot know. */
export type Outcome = 'failed' | 'unknown';

/** The server's own refusals, which all clients pass on, each in words of its own. */
const refusal = /\b(READONLY|LOADING|MASTERDOWN|NOREPLICAS|ReadOnly|BusyLoading|MasterDown)\b/;

/** What an app can conclude from the error with which a write was rejected. */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof NotAppliedError) return 'failed';
  if (error instanceof UnknownOutcomeError) return 'unknown';
  return error instanceof Error && refusal.test(error.message) ? 'failed' : 'unknown';
}
