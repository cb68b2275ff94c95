import { monotonicMs } from '../../clock/clock.js';
import type { Step, StepName } from '../facts.js';

/** Notes how long each step took. */
export class Stopwatch {
  readonly #steps: Step[];

  constructor(steps: readonly Step[] = []) {
    this.#steps = [...steps];
  }

  get steps(): readonly Step[] {
    return this.#steps;
  }

  async time<T>(name: StepName, run: () => Promise<T>): Promise<T> {
    const startedAt = monotonicMs();
    try {
      return await run();
    } finally {
      this.#steps.push({ name, ms: Math.round((monotonicMs() - startedAt) * 10) / 10 });
    }
  }
}
