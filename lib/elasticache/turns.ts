/**
 * When the API is asked. The calls of all apps of an account count against one limit, so there are few: one after each
 * `calmGapMs`; after a disturbance one at once, and then after gaps that double up to `calmGapMs`.
 */
export interface Turns {
  /** The gap after the next answer, in milliseconds. */
  readonly gapMs: number;
  /** How many calls in a row have failed. */
  readonly failures: number;
  /** When there was a reason to ask last, in milliseconds of the monotonic clock. */
  readonly disturbedAt: number;
}

export interface Gaps {
  readonly calmGapMs: number;
  readonly minGapMs: number;
  /** The longest gap after failures. */
  readonly maxGapMs: number;
}

export const firstTurns = (gaps: Gaps): Turns => ({
  gapMs: gaps.calmGapMs,
  failures: 0,
  disturbedAt: -Infinity,
});

/**
 * A signal without a pause of `calmGapMs` before it belongs to the disturbance that is under way: a node that is down for
 * hours gives a signal every few seconds, and must not make the app ask as often.
 */
export function isNewDisturbance(
  { disturbedAt }: Turns,
  { at, kind }: { readonly at: number; readonly kind: 'signal' | 'master lost' },
  { calmGapMs }: Gaps,
): boolean {
  return kind === 'master lost' || at - disturbedAt >= calmGapMs;
}

export function onDisturbance(turns: Turns, at: number, gapMs: number): Turns {
  return { ...turns, disturbedAt: at, gapMs };
}

export function onAnswer(turns: Turns): Turns {
  return { ...turns, failures: 0 };
}

export function onFailure(turns: Turns): Turns {
  return { ...turns, failures: turns.failures + 1 };
}

/** How long to wait after a call, and the turns after that wait. `random` is from 0 up to, not including, 1. */
export function nextTurn(
  turns: Turns,
  gaps: Gaps,
  random: number,
): { readonly gapMs: number; readonly turns: Turns } {
  if (turns.failures > 0) {
    // Wide jitter, because whatever throttles one app throttles the whole fleet at the same moment.
    const backoffMs = Math.min(gaps.minGapMs * 2 ** turns.failures, gaps.maxGapMs);
    return { gapMs: backoffMs * (0.5 + 0.5 * random), turns };
  }
  const doubled = Math.min(2 * turns.gapMs, gaps.calmGapMs);
  return { gapMs: turns.gapMs * (0.9 + 0.2 * random), turns: { ...turns, gapMs: doubled } };
}
