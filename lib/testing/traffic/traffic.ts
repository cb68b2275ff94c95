import { monotonicMs } from '../../clock/clock.js';
import { aFunction, durationMs, findFaults, throwFaults, wholeNumber } from '../../options/rules.js';
import { until } from '../servers/until.js';

/** @publicApi */
export interface TrafficOptions<Result> {
  /** A request is made every so many milliseconds, whether or not those before are served. Default 10. */
  readonly everyMs?: number;
  /** No further request is made while so many are under way. Default 1000. */
  readonly maxUnderWay?: number;
  /**
   * Whether a request whose promise was fulfilled is served. Default: unless the result has a `status` or `statusCode` of
   * 400 or more, as responses of `fetch`, supertest and `inject()` have.
   */
  readonly isServed?: (result: Result) => boolean;
}

/**
 * What became of the requests. All times are in milliseconds of the clock of `performance.now()`.
 *
 * @publicApi
 */
export interface TrafficReport {
  readonly kind: 'traffic report';
  /** When each served request ended, in order. */
  readonly servedAt: readonly number[];
  /** With what each other request ended: the error, or the result that was not `isServed`. */
  readonly failures: readonly unknown[];
  /** The longest time in which no request ended well, from the start of the traffic to its end. */
  readonly longestPauseMs: number;
}

/** @publicApi */
export interface Traffic {
  /** Waits until that many more requests are served. Rejects after 15 s. */
  whenServed(more: number): Promise<void>;
  /** Makes no more requests, and waits until those under way have ended. */
  stop(): Promise<TrafficReport>;
}

const rules = { everyMs: durationMs(0), maxUnderWay: wholeNumber(1), isServed: aFunction };

/**
 * Makes requests to an app without a pause, as its users do.
 *
 * @throws TypeError for an option that is not allowed.
 * @publicApi
 */
export function startTraffic<Result>(
  request: () => Result | Promise<Result>,
  options: TrafficOptions<Result> = {},
): Traffic {
  throwFaults([...aFunction('request', request), ...findFaults(rules, options)], 'startTraffic: ');
  const { everyMs = 10, maxUnderWay = 1000, isServed = hasNoErrorStatus } = options;
  const servedAt: number[] = [];
  const failures: unknown[] = [];
  const underWay = new Set<Promise<void>>();
  const startedAt = monotonicMs();
  const timer = setInterval(() => {
    if (underWay.size < maxUnderWay) {
      const ended = note(request, isServed, { servedAt, failures }).finally(() => underWay.delete(ended));
      underWay.add(ended);
    }
  }, everyMs);
  return {
    async whenServed(more) {
      const goal = servedAt.length + more;
      const state = () => ({ served: servedAt.length, failed: failures.map(String).slice(0, 3) });
      const isReached = () => servedAt.length >= goal;
      await until(`${more} more requests are served`, isReached, { timeoutMs: 15_000, state });
    },
    async stop() {
      clearInterval(timer);
      const stoppedAt = monotonicMs();
      await Promise.all(underWay);
      const longestPauseMs = longestGap([startedAt, ...servedAt, stoppedAt]);
      return { kind: 'traffic report', servedAt, failures, longestPauseMs };
    },
  };
}

interface Notes {
  readonly servedAt: number[];
  readonly failures: unknown[];
}

async function note<Result>(
  request: () => Result | Promise<Result>,
  isServed: (result: Result) => boolean,
  { servedAt, failures }: Notes,
): Promise<void> {
  try {
    const result = await request();
    if (isServed(result)) {
      servedAt.push(monotonicMs());
    } else {
      failures.push(result);
    }
  } catch (error) {
    failures.push(error);
  }
}

function longestGap(times: readonly number[]): number {
  return Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? time)));
}

function hasNoErrorStatus(result: unknown): boolean {
  return (statusOf(result) ?? 0) < 400;
}

/** The status of a response of HTTP, as `fetch`, supertest and `inject()` give it. */
export function statusOf(result: unknown): number | undefined {
  if (typeof result !== 'object' || result === null) {
    return undefined;
  }
  const status: unknown = Reflect.get(result, 'status') ?? Reflect.get(result, 'statusCode');
  return typeof status === 'number' ? status : undefined;
}
