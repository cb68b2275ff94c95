import type { ChangeNote } from '../topology/describe-change.js';
import type { LogCode } from '../topology/log-code.js';
import type { LogLine } from '../topology/log-line.js';

/** There are few different texts: nodes times reasons. The limit keeps memory bounded in any case. */
const MAX_TEXTS = 1000;

/** Warns of what does not end, once for each text. */
export function warnOnce(report: (note: ChangeNote) => void): (told: LogLine, code: LogCode) => void {
  const texts = new Set<string>();
  return (told, code) => {
    if (!texts.has(told.text)) {
      if (texts.size >= MAX_TEXTS) {
        texts.clear();
      }
      texts.add(told.text);
      report({ code, level: 'warn', ...told });
    }
  };
}
