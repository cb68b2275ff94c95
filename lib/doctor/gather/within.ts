import { safeText } from '../../topology/safe-text.js';
import type { Failure } from '../facts.js';

/** Rejects if the promise has not settled in time. What it is about goes on, so the caller has to end it. */
export async function within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    const error = Object.assign(new Error(`no answer within ${limitMs} ms`), { code: 'ETIMEDOUT' });
    timer = setTimeout(() => reject(error), limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

export function failureOf(error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return { kind: 'failed', code, message: messageOf(error) };
}

/** Safe to show. */
export function messageOf(error: unknown): string {
  return safeText(error instanceof Error ? error.message : String(error));
}
