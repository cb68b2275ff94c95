import { UnknownOutcomeError } from 'nestjs-redis-replication';

export interface Issued<T> {
  readonly value: T;
  /** 1, or more where earlier attempts ended with a lost reply. */
  readonly attempts: number;
}

const attemptsMax = 3;

/**
 * Issues a write again while nobody can say whether it was applied: the master died after the write was sent and
 * before it was answered. The library leaves that to the app, because only the app knows whether twice is as good as
 * once. It is for a `SET` of the whole value, a `DEL` or an `HSET`. It is not for `INCR`, `LPUSH` or `SPOP`, nor where
 * somebody else may have written the same key in the meantime and must not be overwritten: let such an error reach
 * whoever can look at the data and decide.
 *
 * Bounded, because a group in which every master dies at once is better reported than hammered.
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
        // That this attempt was not applied says nothing about the ones before it.
        throw unknown ?? error;
      }
      if (attempts === attemptsMax) {
        throw error;
      }
      unknown = error;
    }
  }
}
