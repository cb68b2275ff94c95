/** How long something is true without interruption, sample after sample. */
export class Spell {
  #what: string | undefined;
  #since = Infinity;
  #at = 0;
  #settledUntil: number | undefined;

  /** Since when it is true. */
  get since(): number {
    return this.#since;
  }

  /** Until when it was true for as long as `settleAfter` asks for. */
  get settledUntil(): number | undefined {
    return this.#settledUntil;
  }

  /** What is true at this moment, if anything. A change interrupts the spell. */
  note(at: number, what: string | undefined): void {
    this.#at = at;
    if (what !== this.#what) {
      this.#what = what;
      this.#since = what === undefined ? Infinity : at;
    }
  }

  lasts(ms: number): boolean {
    return this.#at - this.#since >= ms;
  }

  /** To be called after each `note`. */
  settleAfter(ms: number): void {
    if (this.lasts(ms)) {
      this.#settledUntil = this.#at;
    }
  }
}
