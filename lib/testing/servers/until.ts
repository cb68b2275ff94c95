import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMs } from '../../clock/clock.js';

const pollIntervalMs = 5;
const NEVER = 'never asked';
const NO_ANSWER = 'no answer';

export interface UntilOptions {
  /** Default 15,000: a busy machine must not fail a test, and a test says by itself that it takes too long. */
  readonly timeoutMs?: number;
  /** What to show in the error on timeout; by default what the condition last returned or threw. */
  readonly state?: () => unknown;
}

/**
 * Waits until the condition holds, checking every 5 ms. Only for effects in another process that emit no event, because
 * events must be awaited. A condition that throws does not hold yet.
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  { timeoutMs = 15_000, state }: UntilOptions = {},
): Promise<void> {
  const deadline = monotonicMs() + timeoutMs;
  let last: unknown = NEVER;
  while (monotonicMs() < deadline) {
    const answer = await ask(condition, deadline);
    if (answer === true) return;
    // Time may be up in the midst of a check; what the one before said is worth more.
    last = answer === NO_ANSWER && last !== NEVER ? last : answer;
    await delay(pollIntervalMs);
  }
  const shown = state === undefined ? last : await state();
  throw new Error(`Waited ${timeoutMs} ms in vain until ${what}; at last: ${show(shown)}`);
}

/** A condition that hangs, for example because its server hangs, must not outlast the deadline. */
async function ask(condition: () => boolean | Promise<boolean>, deadline: number): Promise<unknown> {
  const timer = new AbortController();
  const timeUp = delay(deadline - monotonicMs(), NO_ANSWER, { signal: timer.signal });
  try {
    return await Promise.race([condition(), timeUp]);
  } catch (error) {
    return error;
  } finally {
    timer.abort();
    timeUp.catch(() => undefined);
  }
}

function show(state: unknown): string {
  if (state instanceof Error) return state.message;
  return typeof state === 'string' ? state : JSON.stringify(state);
}
