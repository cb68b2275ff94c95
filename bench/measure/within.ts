import { setTimeout as delay } from 'node:timers/promises';

/** What the promise resolves with, or an error that names what took too long. */
export async function within<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const timeUp = delay(timeoutMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${what} took more than ${timeoutMs} ms`);
  });
  try {
    return await Promise.race([promise, timeUp]);
  } finally {
    timer.abort();
    timeUp.catch(() => undefined);
  }
}
