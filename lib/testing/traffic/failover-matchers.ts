import { isPlainObject } from '../../options/rules.js';
import type { GroupFailover } from '../group/fail-over.js';
import { statusOf, type TrafficReport } from './traffic.js';

/**
 * What a matcher tells Vitest and Jest.
 *
 * @publicApi
 */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/**
 * For `expect.extend()` of Vitest and Jest. They check what `stop()` of `startTraffic()` resolves with.
 *
 * @publicApi
 */
export const failoverMatchers = {
  /** No request failed, and at least one was served. */
  toHaveNoFailedRequest(report: unknown): MatcherResult {
    const { servedAt, failures } = readReport(report);
    const reason = failures.length > 0 ? describeFailures(failures) : 'no request was made or served';
    return {
      pass: failures.length === 0 && servedAt.length > 0,
      message: () =>
        failures.length > 0 || servedAt.length === 0
          ? `expected no request to fail: ${reason}, ${servedAt.length} were served`
          : `expected a request to fail, but all ${servedAt.length} were served`,
    };
  },

  /**
   * Requests were served again at most `limitMs` after the promotion of a failover; without one, no two served requests
   * have more than `limitMs` between them.
   */
  toHaveGoneOnWithin(
    report: unknown,
    limitMs: number,
    failover?: Pick<GroupFailover, 'promotedAt'>,
  ): MatcherResult {
    const { servedAt, failures, longestPauseMs } = readReport(report);
    const tookMs =
      failover === undefined
        ? longestPauseMs
        : (servedAt.find((at) => at >= failover.promotedAt) ?? Infinity) - failover.promotedAt;
    const pass = servedAt.length > 0 && tookMs <= limitMs;
    const what = failover === undefined ? 'between two served requests' : 'after the promotion';
    const took = Number.isFinite(tookMs) ? `${Math.ceil(tookMs)} ms` : 'for ever, since none was served';
    return {
      pass,
      message: () =>
        `expected requests ${pass ? 'not to be' : 'to be'} served again within ${limitMs} ms ${what}, but it took ${took}` +
        (failures.length > 0 ? `; ${describeFailures(failures)}` : ''),
    };
  },
};

/** What `expect(report)` can be asked, as types for Vitest and Jest. */
export interface FailoverMatchers<Result = void> {
  /** No request failed, and at least one was served. */
  toHaveNoFailedRequest(): Result;
  /**
   * Requests were served again at most `limitMs` after the promotion of a failover; without one, no two served requests
   * have more than `limitMs` between them.
   */
  toHaveGoneOnWithin(limitMs: number, failover?: Pick<GroupFailover, 'promotedAt'>): Result;
}

/*
 * The types of `expect` in Vitest and Jest. Neither needs to be installed: the compiler ignores what it does not find. The
 * comments are for the compilers of apps, so they must be of the kind that declarations keep.
 */

/** @ts-ignore: Vitest may be absent. */
declare module 'vitest' {
  interface Matchers<T> extends FailoverMatchers {}
}

/** @ts-ignore: Jest may be absent. This is for `expect` of `@jest/globals`. */
declare module 'expect' {
  interface Matchers<R, T> extends FailoverMatchers<R> {}
}

declare global {
  // For `expect` of `@types/jest`.
  namespace jest {
    interface Matchers<R, T> extends FailoverMatchers<R> {}
  }
}

function readReport(value: unknown): TrafficReport {
  if (isReport(value)) {
    return value;
  }
  throw new TypeError('expected what stop() of startTraffic() resolves with; did you forget "await"?');
}

function isReport(value: unknown): value is TrafficReport {
  return isPlainObject(value) && Reflect.get(value, 'kind') === 'traffic report';
}

/** Each kind of failure once, with how often it came. */
function describeFailures(failures: readonly unknown[]): string {
  const counts = new Map<string, number>();
  for (const failure of failures) {
    const text = describeFailure(failure);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const shown = [...counts].slice(0, 5).map(([text, count]) => `${count} × ${text}`);
  return `${failures.length} failed: ${shown.join('; ')}${counts.size > shown.length ? '; …' : ''}`;
}

function describeFailure(failure: unknown): string {
  if (failure instanceof Error || !isPlainObject(failure)) {
    return String(failure);
  }
  const status = statusOf(failure);
  return status === undefined ? 'a result that is not served' : `status ${status}`;
}
