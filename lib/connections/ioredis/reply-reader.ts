import { BadReplyError, ReplyNesting, type ReplyShape } from './reply-nesting.js';

const CR = 13;
const LF = 10;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
const PUSH = 62;
const STRING = 36;
const MAP = 37;
const NULL = 95;

const TEXTS: ReadonlySet<number> = new Set(Buffer.from('+-('));
const STRINGS: ReadonlySet<number> = new Set(Buffer.from('=!'));
const AGGREGATES: ReadonlySet<number> = new Set(Buffer.from('*~>%'));
/** What may follow the type of the others. */
const OTHERS: ReadonlyMap<number, RegExp> = new Map([
  [codeOf(':'), /^[+-]?[0-9]+$/],
  [codeOf('#'), /^[tf]$/],
  [codeOf(','), /^[+-]?(inf|nan|[0-9]+(\.[0-9]*)?(e[+-]?[0-9]+)?)$/i],
  [NULL, /^$/],
]);

/** Longer than any number, and than the first word of any push that ioredis handles. */
const MAX_HEADER = 64;
const MAX_WORD = 16;

/** The end of a value that has not arrived. */
const MORE = -1;
const NOTHING = Buffer.alloc(0);

/**
 * Finds out where replies end and what shape they have, without their contents. It is stricter than ioredis, so both
 * agree on where a reply ends.
 */
export class ReplyReader {
  readonly #nesting = new ReplyNesting();
  #bytes: Buffer = NOTHING;
  /** How many of the bytes came with earlier chunks: the beginning of a header or the end of a line. */
  #earlier = 0;
  /** How many bytes of a string are to come before its `\r\n`; `MORE` outside of a string. */
  #body = MORE;
  #isText = false;
  #length = 0;
  /** Whether the step before has ended a value. */
  #isEnded = false;
  /** Whether the first word of arrays is read as well. */
  readsWords = false;

  /** Of the reply that `next` has completed. */
  get shape(): ReplyShape {
    return this.#nesting.shape;
  }

  feed(chunk: Buffer): void {
    this.#bytes = this.#earlier === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
  }

  /**
   * Where the reply ends that ends next, as an offset in the chunk; `undefined` if the end has not arrived.
   *
   * @throws BadReplyError
   */
  next(from: number): number | undefined {
    let at = from + (from === 0 ? 0 : this.#earlier);
    while (at < this.#bytes.length) {
      const end = this.#step(at);
      if (end === MORE) {
        return undefined;
      }
      at = end;
      if (this.#isEnded && this.#nesting.complete()) {
        return at - this.#earlier;
      }
    }
    this.#wait(at);
    return undefined;
  }

  #step(at: number): number {
    this.#isEnded = true;
    if (this.#body !== MORE) {
      return this.#string(at);
    }
    if (this.#isText) {
      return this.#text(at);
    }
    const type = this.#bytes[at] ?? 0;
    this.#nesting.begin(type);
    if (type === STRING || STRINGS.has(type)) {
      return this.#stringHeader(at);
    }
    if (AGGREGATES.has(type)) {
      return this.#aggregate(at, type);
    }
    this.#isText = TEXTS.has(type);
    return this.#isText ? this.#text(at + 1) : this.#other(at, type);
  }

  /** To the end of a line, which may have any length. */
  #text(at: number): number {
    const end = this.#bytes.indexOf(CR, at);
    if (end === -1 || end + 1 === this.#bytes.length) {
      return this.#wait(end === -1 ? this.#bytes.length : end);
    }
    this.#isText = false;
    return this.#lineEnd(end);
  }

  #other(at: number, type: number): number {
    const form = OTHERS.get(type);
    if (form === undefined) {
      // As ioredis says it, so that operators read the same words wherever it happens.
      throw new BadReplyError(`Unknown RESP type ${type} "${String.fromCharCode(type)}"`);
    }
    const end = this.#bytes.subarray(at, at + MAX_HEADER).indexOf(CR) + at;
    if (end < at || end + 1 === this.#bytes.length) {
      return this.#waitForHeader(at);
    }
    if (!form.test(this.#bytes.toString('latin1', at + 1, end))) {
      return this.#fail();
    }
    if (type === NULL) {
      this.#nesting.nil();
    }
    return this.#lineEnd(end);
  }

  #stringHeader(at: number): number {
    const end = this.#readLength(at);
    if (end === MORE) {
      return MORE;
    }
    const length = this.#length;
    if (length < 0) {
      this.#nesting.nil();
      return end;
    }
    if (length <= MAX_WORD && this.#nesting.isAtFirst && this.#wantsWord) {
      if (end + length > this.#bytes.length) {
        return this.#waitForHeader(at);
      }
      this.#nesting.word(this.#bytes.toString('latin1', end, end + length));
    }
    this.#body = length;
    return this.#string(end);
  }

  get #wantsWord(): boolean {
    return this.readsWords || this.#nesting.shape.type === PUSH;
  }

  #string(at: number): number {
    const end = at + this.#body;
    if (end + 2 > this.#bytes.length) {
      const read = Math.min(end, this.#bytes.length);
      this.#body -= read - at;
      return this.#wait(read);
    }
    this.#body = MORE;
    return this.#lineEnd(end);
  }

  #aggregate(at: number, type: number): number {
    const end = this.#readLength(at);
    if (end === MORE) {
      return MORE;
    }
    if (this.#length < 0) {
      this.#nesting.nil();
    } else if (this.#length > 0) {
      this.#nesting.open(type === MAP ? 2 * this.#length : this.#length);
      this.#isEnded = false;
    }
    return end;
  }

  /** Reads the length that follows the type, and returns where its line ends. */
  #readLength(at: number): number {
    const bytes = this.#bytes;
    const first = bytes[at + 1] === MINUS ? at + 2 : at + 1;
    let length = 0;
    for (let offset = first; offset + 1 < bytes.length; offset += 1) {
      const byte = bytes[offset] ?? 0;
      if (byte === CR && offset > first) {
        const isNegative = first > at + 1;
        this.#length = isNegative ? -1 : length;
        return isNegative && length !== 1 ? this.#fail() : this.#lineEnd(offset);
      }
      length = length * 10 + byte - ZERO;
      if (byte < ZERO || byte > NINE || length > Number.MAX_SAFE_INTEGER) {
        return this.#fail();
      }
    }
    return this.#waitForHeader(at);
  }

  #lineEnd(at: number): number {
    return this.#bytes[at] === CR && this.#bytes[at + 1] === LF ? at + 2 : this.#fail();
  }

  /** Numbers are short: what goes on and on is none. */
  #waitForHeader(at: number): number {
    return this.#bytes.length - at > MAX_HEADER ? this.#fail() : this.#wait(at);
  }

  /** Keeps what follows for the next chunk. */
  #wait(at: number): number {
    this.#bytes = this.#bytes.subarray(at);
    this.#earlier = this.#bytes.length;
    this.#isEnded = false;
    return MORE;
  }

  #fail(): never {
    throw new BadReplyError('the node sent a malformed reply');
  }
}

function codeOf(text: string): number {
  return text.charCodeAt(0);
}
