import type { ChangeNote } from '../topology/describe-change.js';

/** Tells operators about a state that lasts: once when it begins, and once when it ends. */
export class Notices {
  readonly #report: (note: ChangeNote) => void;
  /** What was reported on each topic that has not ended. */
  readonly #open = new Map<string, Set<string>>();

  constructor(report: (note: ChangeNote) => void) {
    this.#report = report;
  }

  /** Reports a text on a topic, unless it was reported since the topic last ended. */
  begin(topic: string, note: ChangeNote): void {
    const texts = this.#open.get(topic) ?? new Set();
    if (!texts.has(note.text) && texts.size < MAX_TEXTS) {
      this.#open.set(topic, texts.add(note.text));
      this.#report(note);
    }
  }

  /** Reports a topic that has not begun. Unlike with `begin`, another text on it is not reported. */
  raise(topic: string, note: ChangeNote): void {
    if (!this.#open.has(topic)) {
      this.begin(topic, note);
    }
  }

  /** Reports the end of a topic, unless nothing was reported on it. */
  end(topic: string, note: ChangeNote): void {
    if (this.#open.delete(topic)) {
      this.#report(note);
    }
  }

  /** Reports something that neither lasts nor repeats. */
  tell(note: ChangeNote): void {
    this.#report(note);
  }
}

/** There are few different texts on a topic. The limit bounds the log in any case. */
const MAX_TEXTS = 20;
