import type { LoggerService } from '@nestjs/common';

export interface LogLine {
  readonly level: 'log' | 'warn' | 'error';
  readonly context: string;
  /** Without the code. */
  readonly text: string;
  readonly code?: string | undefined;
}

/** A logger for Nest that keeps all lines. */
export interface RecordedLogs extends LoggerService {
  /** All lines, Nest's own among them. */
  readonly lines: readonly LogLine[];
  /** The lines of this library, for the instance of that name. */
  of(context?: string): readonly LogLine[];
  /** Forgets the lines so far, for a test of what is told from now on: a busy start may have told something. */
  forget(): void;
}

export function recordLogs(): RecordedLogs {
  const lines: LogLine[] = [];
  const record =
    (level: LogLine['level']) =>
    (message: unknown, ...rest: unknown[]) => {
      // The last parameter is the context; an error may have its stack before it.
      const stack = rest.slice(0, -1).flatMap((detail) => (typeof detail === 'string' ? [detail] : []));
      const [, text = String(message), code] = /^(.*) \[(RR\d+)\]$/s.exec(String(message)) ?? [];
      lines.push({ level, context: String(rest.at(-1)), text: [text, ...stack].join('\n'), code });
    };
  return {
    lines,
    forget: () => void lines.splice(0),
    of: (context = 'RedisReplication') => lines.filter((line) => line.context === context),
    log: record('log'),
    warn: record('warn'),
    error: record('error'),
    fatal: record('error'),
  };
}
