import { setTimeout as delay } from 'node:timers/promises';

const pollIntervalMs = 5;

export interface UntilOptions {
  /** Default 5000. */
  readonly timeoutMs?: number;
  /** What to show in the error when the time is up; by default what the condition last said or threw. */
  readonly state?: () => unknown;
}

/**
 * Waits until the condition holds, asking every 5 ms. Only for what another process does and tells nobody:
 * whatever can be awaited as an event must be. A condition that throws does not hold yet.
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  { timeoutMs = 5000, state }: UntilOptions = {},
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown = 'never answered';
  while (performance.now() < deadline) {
    last = await ask(condition, deadline);
    if (last === true) return;
    await delay(pollIntervalMs);
  }
  const shown = state === undefined ? last : await state();
  throw new Error(`Waited ${timeoutMs} ms in vain until ${what}; at last: ${show(shown)}`);
}

/** A condition that hangs, say because the server it asks hangs, must not outlast the deadline. */
async function ask(condition: () => boolean | Promise<boolean>, deadline: number): Promise<unknown> {
  const timer = new AbortController();
  const timeUp = delay(deadline - performance.now(), 'no answer', { signal: timer.signal });
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
