import { safeText } from '../../topology/safe-text.js';

/** More lines than any server has, with a thousand replicas. */
const MAX_LINES = 3000;

/**
 * All fields of `INFO`, for display and for comparisons with limits. Who is master never follows from them: others can
 * write into the section of the replicas, so the first line of a name counts.
 */
export function readFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\n', MAX_LINES)) {
    const [, name, value = ''] = /^([a-z]\w{0,40}):(.{0,200})/.exec(line) ?? [];
    if (name !== undefined && !fields.has(name)) {
      fields.set(name, safeText(value));
    }
  }
  return fields;
}
