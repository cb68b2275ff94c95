import { NotAppliedError, UnknownOutcomeError } from '../../lib/connections/outcomes/errors.js';
import type { Told } from './history.js';

/** How a command ended for its caller. */
export async function outcomeOf(command: Promise<unknown>): Promise<Told> {
  try {
    return done(await command);
  } catch (error) {
    return failure(error);
  }
}

/** How each of several commands ended that have one reply, or one error, in common. */
export async function outcomesOf(replies: Promise<Replies>, count: number): Promise<readonly Told[]> {
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

function done(value: unknown): Told {
  return { outcome: 'done', value: JSON.stringify(value ?? null) };
}

function failure(error: unknown): Told {
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
