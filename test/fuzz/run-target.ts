import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../topology/seeded-random.js';
import type { FuzzTarget } from './fuzz-target.js';

/** No input may keep a parser busy for as long as this, in milliseconds. */
export const RUN_LIMIT_MS = 5000;
/** How often a target that never waits lets the process handle events, such as an unhandled rejection. */
const BREATH_MS = 20;

/** The seeds of the runs: `from`, `from` + 1 and so on, until the time is up or `runs` are done. */
export interface Course {
  readonly from: number;
  readonly forMs: number;
  /** Default: no limit. */
  readonly runs?: number;
}

export interface Result {
  readonly name: string;
  readonly from: number;
  readonly runs: number;
  readonly tookMs: number;
  readonly failure?: { readonly seed: number; readonly error: unknown };
}

/** Runs a target until the course is over or one run fails. At least one run is made. */
export async function runTarget(
  target: FuzzTarget,
  { from, forMs, runs = Infinity }: Course,
): Promise<Result> {
  const startedAt = performance.now();
  const stray = watchStrayErrors();
  let breathAt = startedAt;
  let done = 0;
  let failure: Result['failure'];
  do {
    const seed = from + done;
    try {
      await runOnce(target, seed);
      if (performance.now() - breathAt > BREATH_MS) {
        await nextTurn();
        breathAt = performance.now();
      }
      stray.rethrow();
    } catch (error) {
      failure = { seed, error };
    }
    done += 1;
  } while (failure === undefined && done < runs && performance.now() - startedAt < forMs);
  // Rejections count as unhandled only after the microtasks of a turn.
  await nextTurn();
  const late = stray.end();
  const tookMs = performance.now() - startedAt;
  return {
    name: target.name,
    from,
    runs: done,
    tookMs,
    ...((failure ?? late) && { failure: failure ?? { seed: from + done - 1, error: late?.error } }),
  };
}

async function runOnce(target: FuzzTarget, seed: number): Promise<void> {
  const startedAt = performance.now();
  const running = target.run(seededRandom(seed));
  if (running !== undefined) {
    await within(running);
  }
  const tookMs = performance.now() - startedAt;
  if (tookMs > RUN_LIMIT_MS) {
    throw new Error(`took ${Math.round(tookMs)} ms, of at most ${RUN_LIMIT_MS}`);
  }
}

async function within(running: Promise<void>): Promise<void> {
  const timer = new AbortController();
  const limit = delay(RUN_LIMIT_MS, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`did not end within ${RUN_LIMIT_MS} ms`);
  });
  // Aborted below, where it rejects.
  limit.catch(() => undefined);
  try {
    await Promise.race([running, limit]);
  } finally {
    timer.abort();
  }
}

/** An error outside of the promise of a run would end the process without its seed. */
function watchStrayErrors() {
  const errors: { readonly error: unknown }[] = [];
  const note = (error: unknown) => void errors.push({ error });
  process.on('unhandledRejection', note).on('uncaughtException', note);
  return {
    rethrow: () => {
      const [first] = errors;
      if (first !== undefined) {
        throw first.error instanceof Error ? first.error : new Error(String(first.error));
      }
    },
    end: () => {
      process.off('unhandledRejection', note).off('uncaughtException', note);
      return errors[0];
    },
  };
}
