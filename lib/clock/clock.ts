import { asyncScheduler, type SchedulerLike } from 'rxjs';

/*
 * The one place that reads a clock. Decisions compare times of the monotonic clock, which goes on when somebody sets the
 * time of the machine; the time since the epoch is for display only.
 */

/** Milliseconds of the monotonic clock, since the process started. */
export function monotonicMs(): number {
  return performance.now();
}

/** What to add to a time of the monotonic clock to get the time since the epoch, as the machine's clock is set now. */
export function epochOffsetMs(): number {
  return Date.now() - performance.now();
}

/** The scheduler of RxJS for timers, whose `now()` is the monotonic clock. */
export const monotonicScheduler: SchedulerLike = {
  now: monotonicMs,
  schedule: asyncScheduler.schedule.bind(asyncScheduler),
};
