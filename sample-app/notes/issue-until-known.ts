import { UnknownOutcomeError } from 'nestjs-redis-replication';

export interface Issued<T> {
  readonly value: T;
  /** 1, or more where earlier attempts ended with a lost reply. */
  readonly attempts: number;
}

const attemptsMax = 3;

/**
 * Issues a write again while its outcome is unknown because the master died after the write was sent and before it was
 * answered. The library leaves this to the app, because only the app knows whether the write is idempotent. A `SET` of
 * the whole value, a `DEL` or an `HSET` is; `INCR`, `LPUSH` and `SPOP` are not. Do not use it either if another client
 * may have written the same key in the meantime and must not be overwritten: let such an error reach a caller that can
 * check the data and decide.
 *
 * The number of attempts is limited, because a group whose masters keep failing should be reported, not retried forever.
 *
 * @throws UnknownOutcomeError if no attempt was answered; whatever `issue` throws otherwise.
 */
export async function issueUntilKnown<T>(issue: () => Promise<T>): Promise<Issued<T>> {
  let unknown: UnknownOutcomeError | undefined;
  for (let attempts = 1; ; attempts += 1) {
    try {
      return { value: await issue(), attempts };
    } catch (error) {
      if (!(error instanceof UnknownOutcomeError)) {
        // Although this attempt was not applied, an earlier one may have been.
        throw unknown ?? error;
      }
      if (attempts === attemptsMax) {
        throw error;
      }
      unknown = error;
    }
  }
}
