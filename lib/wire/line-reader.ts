import { checkType } from './header.js';
import { MAX_LINE_BYTES } from './limits.js';
import { malformed, tooLarge } from './protocol-fault.js';

/** Where reading goes on, and what is complete, if anything. */
export type Step<T> = readonly [end: number, complete?: T | undefined];

const CR = '\r'.charCodeAt(0);
const LF = '\n'.charCodeAt(0);
const ERROR = '-'.charCodeAt(0);

/** Puts together the lines of replies. The text of an error is cut; any other line that is too long is a fault. */
export class LineReader {
  /** One byte more than is allowed shows that a line is too long. */
  readonly #line = Buffer.alloc(MAX_LINE_BYTES + 1);
  #length = 0;
  #lastByte = 0;

  /** The line is valid until the next call, and has no line end. */
  read(chunk: Buffer, from: number): Step<Buffer> {
    if (this.#length === 0) {
      checkType(chunk[from] ?? 0);
    }
    const lineFeed = chunk.indexOf(LF, from);
    const end = lineFeed < 0 ? chunk.length : lineFeed;
    this.#length += chunk.copy(this.#line, this.#length, from, end);
    this.#lastByte = end > from ? (chunk[end - 1] ?? 0) : this.#lastByte;
    if (this.#length > MAX_LINE_BYTES && this.#line[0] !== ERROR) {
      throw tooLarge(`a line of more than ${MAX_LINE_BYTES} bytes`);
    }
    if (lineFeed < 0) {
      return [end];
    }
    if (this.#lastByte !== CR) {
      throw malformed('a line has no end');
    }
    const line = this.#line.subarray(0, Math.min(this.#length, MAX_LINE_BYTES) - 1);
    this.#length = 0;
    return [lineFeed + 1, line];
  }
}
