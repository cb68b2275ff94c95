import type { ChangeNote } from '../topology/describe-change.js';
import type { LogCode } from '../topology/log-code.js';

/** There are few different texts: nodes times reasons. The limit keeps memory bounded in any case. */
const MAX_TEXTS = 1000;

/** Warns of what does not end, once for each text. */
export function warnOnce(report: (note: ChangeNote) => void): (text: string, code: LogCode) => void {
  const told = new Set<string>();
  return (text, code) => {
    if (!told.has(text)) {
      if (told.size >= MAX_TEXTS) {
        told.clear();
      }
      told.add(text);
      report({ code, level: 'warn', text });
    }
  };
}
