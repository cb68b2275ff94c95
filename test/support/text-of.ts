import type { LogLine } from '../../lib/topology/log-line.js';

/** The text of what a source tells operators. */
export function textOf(told: string | LogLine): string {
  return typeof told === 'string' ? told : told.text;
}
