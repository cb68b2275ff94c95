import type { ChangeNote } from '../topology/describe-change.js';
import { withFacts } from '../topology/log-line.js';

/** What repeats within this time is counted. The time doubles with each repetition, and begins anew after a quiet minute. */
const FIRST_PERIOD_MS = 1000;
const LAST_PERIOD_MS = 60_000;
/** How many lines are told apart in a minute: an endless list of node names must not make an endless log. */
const MAX_LINES = 500;

/** A line that was told a moment ago. */
interface Recent {
  /** `quiet`: its period has ended; it is told when it comes again, and its next period is longer. */
  readonly kind: 'counting' | 'quiet';
  readonly periodMs: number;
  readonly timer: ReturnType<typeof setTimeout>;
  /** How often it was to be told since. */
  readonly count: number;
  /** What was to be told last. */
  readonly note: ChangeNote;
}

/**
 * Tells a line that repeats once, and once more with a count when its period ends, however fast the state that it is about
 * comes and goes. Lines that differ in numbers only, such as durations, are the same line.
 */
export class Repeats {
  readonly #report: (note: ChangeNote) => void;
  readonly #recent = new Map<string, Recent>();
  #state: 'open' | 'closed' = 'open';

  constructor(report: (note: ChangeNote) => void) {
    this.#report = report;
  }

  tell(note: ChangeNote): void {
    if (this.#state === 'closed') {
      this.#report(note);
      return;
    }
    const own = keyOf(note);
    const key = this.#recent.has(own) || this.#recent.size < MAX_LINES ? own : OTHERS;
    const recent = this.#recent.get(key);
    if (recent?.kind === 'counting') {
      this.#recent.delete(key);
      // Last in the order of the map, so that counts are told in the order in which the lines came last.
      this.#recent.set(key, { ...recent, count: recent.count + 1, note });
      return;
    }
    clearTimeout(recent?.timer);
    this.#report(note);
    this.#begin(key, note, recent === undefined ? FIRST_PERIOD_MS : longer(recent.periodMs));
  }

  /** Tells all counts. What is told afterwards is neither counted nor withheld. */
  close(): void {
    this.#state = 'closed';
    for (const [key, recent] of this.#recent) {
      clearTimeout(recent.timer);
      this.#tellCount(key, recent);
    }
    this.#recent.clear();
  }

  #begin(key: string, note: ChangeNote, periodMs: number): void {
    const timer = setTimeout(() => this.#end(key), periodMs);
    this.#recent.set(key, { kind: 'counting', periodMs, timer, count: 0, note });
  }

  #end(key: string): void {
    const recent = this.#recent.get(key);
    if (recent === undefined) {
      return;
    }
    if (recent.count > 0) {
      this.#tellCount(key, recent);
      this.#begin(key, recent.note, longer(recent.periodMs));
      return;
    }
    const timer = setTimeout(() => this.#recent.delete(key), LAST_PERIOD_MS);
    this.#recent.set(key, { ...recent, kind: 'quiet', timer });
  }

  #tellCount(key: string, { count, note, periodMs }: Recent): void {
    if (count > 0) {
      const isOthers = key === OTHERS;
      const times = count === 1 ? 'once more' : `${count} times more`;
      const text = `${isOthers ? 'other lines, the last: ' : ''}${note.text} (${times} within ${periodMs / 1000} s)`;
      const facts = { [isOthers ? 'othersRepeated' : 'repeated']: count, withinMs: periodMs };
      this.#report({ ...note, ...withFacts({ text, facts: note.facts }, facts) });
    }
  }
}

function longer(periodMs: number): number {
  return Math.min(2 * periodMs, LAST_PERIOD_MS);
}

const OTHERS = 'others';

function keyOf({ level, text }: ChangeNote): string {
  const words = text.split(' ').map((word) => (NUMBER.test(word) ? '0' : word));
  return `${level} ${words.join(' ')}`;
}

/** Not within the name of a node, which tells nodes apart. */
const NUMBER = /^[\d.]+[,;)]?$|^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/;
