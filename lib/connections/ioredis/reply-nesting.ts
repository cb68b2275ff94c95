/** The bytes are no reply, or one that no client survives reading. */
export class BadReplyError extends Error {
  override readonly name = 'BadReplyError';
}

/** What of a reply can make ioredis fail, without its contents. */
export interface ReplyShape {
  /** The first byte, which is the type. */
  readonly type: number;
  readonly isNil: boolean;
  /** How many elements it has; 0 if it is no aggregate. */
  readonly size: number;
  /** Which of its first elements are nil: one bit each, the lowest for the first. */
  readonly nils: number;
  /** Its first element, of a push or where asked for, if that is a short string; otherwise empty. */
  readonly word: string;
}

/** Deeper than any reply of a server. ioredis reads nested replies by recursion. */
const MAX_DEPTH = 128;
/** Elements that are announced and have not arrived. ioredis allocates room for all of them at once. */
export const MAX_ANNOUNCED = 2 ** 24;

/** Which aggregates of a reply are open, and the shape of the reply. */
export class ReplyNesting {
  /** How many elements of each open aggregate are to come, and how many it has in all; the innermost last. */
  readonly #toCome: number[] = [];
  readonly #sizes: number[] = [];
  #announced = 0;
  readonly #shape = { type: 0, isNil: false, size: 0, nils: 0, word: '' };

  get shape(): ReplyShape {
    return this.#shape;
  }

  /** Whether the value that begins now is the first element of the reply. */
  get isAtFirst(): boolean {
    return this.#toCome.length === 1 && this.#toCome[0] === this.#shape.size;
  }

  begin(type: number): void {
    if (this.#toCome.length === 0) {
      // Reused, because this runs for each reply.
      this.#shape.type = type;
      this.#shape.isNil = false;
      this.#shape.size = 0;
      this.#shape.nils = 0;
      this.#shape.word = '';
    }
  }

  nil(): void {
    if (this.#toCome.length === 0) {
      this.#shape.isNil = true;
    } else if (this.#toCome.length === 1) {
      const index = this.#shape.size - (this.#toCome[0] ?? 0);
      this.#shape.nils |= index < 8 ? 1 << index : 0;
    }
  }

  word(text: string): void {
    this.#shape.word = text;
  }

  /** Begins an aggregate with elements. */
  open(size: number): void {
    this.#announced += size;
    if (this.#announced > MAX_ANNOUNCED || this.#toCome.length >= MAX_DEPTH) {
      throw new BadReplyError('the node announced more elements than a reply may have');
    }
    if (this.#toCome.length === 0) {
      this.#shape.size = size;
    }
    this.#toCome.push(size);
    this.#sizes.push(size);
  }

  /** Ends a value, and the aggregates of which it is the last. Returns whether the reply is complete. */
  complete(): boolean {
    for (let last = this.#toCome.length - 1; last >= 0; last -= 1) {
      const left = (this.#toCome[last] ?? 0) - 1;
      this.#toCome[last] = left;
      if (left > 0) {
        return false;
      }
      this.#toCome.pop();
      this.#announced -= this.#sizes.pop() ?? 0;
    }
    return true;
  }
}
