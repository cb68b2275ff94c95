import { ConsoleLogger } from '@nestjs/common';
import { onTestFinished, vi } from 'vitest';

/** What this library logs through Nest's JSON logger. */
export interface JsonLogs {
  readonly logger: ConsoleLogger;
  /** All that the logger has printed. */
  readonly printed: () => string;
  /** The records of this library, in order. */
  readonly records: () => readonly Record<string, unknown>[];
}

/** Nest's JSON logger, which prints nothing until the test is over, and what it would have printed. */
export function recordJsonLogs(): JsonLogs {
  const printed: string[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    const spy = vi.spyOn(stream, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
    onTestFinished(() => spy.mockRestore());
  }
  return {
    logger: new ConsoleLogger({ json: true }),
    printed: () => printed.join(''),
    records: () =>
      printed
        .flatMap((text) => text.split('\n'))
        .filter((text) => text.includes('"RedisReplication'))
        .map((text) => messageIn(JSON.parse(text))),
  };
}

function messageIn(record: unknown): Record<string, unknown> {
  const message = typeof record === 'object' && record !== null && 'message' in record && record.message;
  if (typeof message !== 'object' || message === null) throw new Error('A record has an object');
  return { ...message };
}
