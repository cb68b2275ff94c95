import { NotAppliedError, UnknownOutcomeError } from '../../lib/connections/outcomes/errors.js';
import type { Outcome } from './history.js';

/** How a command ended for its caller. */
export async function outcomeOf(command: Promise<unknown>): Promise<Outcome> {
  try {
    return done(await command);
  } catch (error) {
    return failure(error);
  }
}

/** The outcomes of several commands that share one reply or one error. */
export async function outcomesOf(replies: Promise<Replies>, count: number): Promise<readonly Outcome[]> {
  try {
    const all = await replies;
    return Array.from({ length: count }, (_, index) => {
      const [error, value] = all?.[index] ?? [null, null];
      return error === null ? done(value) : failure(error);
    });
  } catch (error) {
    return Array.from({ length: count }, () => failure(error));
  }
}

type Replies = readonly (readonly [Error | null, unknown])[] | null;

function done(value: unknown): Outcome {
  return { outcome: 'done', value: JSON.stringify(value ?? null) };
}

function failure(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof NotAppliedError) {
    return { outcome: 'not applied', message };
  }
  if (error instanceof UnknownOutcomeError) {
    return { outcome: 'unknown', message };
  }
  const isReply = error instanceof Error && error.name === 'ReplyError';
  return { outcome: isReply ? 'refused' : 'failed', message };
}
