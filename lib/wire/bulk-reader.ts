import type { BulkForm } from './header.js';
import type { Step } from './line-reader.js';
import { malformed } from './protocol-fault.js';

/** The text, or `skipped`. */
export type BulkText = { readonly form: BulkForm; readonly text: Buffer } | 'skipped';

interface BulkOptions {
  readonly form: BulkForm;
  readonly length: number;
  /** Keeps as many bytes of the text, and skips the rest; with 0, the whole text is skipped as it arrives. */
  readonly keptLength: number;
}

const LINE_END = '\r\n';

/** Reads a text of a known length and the line end after it. */
export class BulkReader {
  readonly #form: BulkForm;
  readonly #kept: Buffer;
  readonly #isSkipping: boolean;
  #remaining: number;
  #filled = 0;

  constructor({ form, length, keptLength }: BulkOptions) {
    this.#form = form;
    this.#kept = Buffer.allocUnsafe(keptLength);
    this.#isSkipping = keptLength < length && form !== 'error';
    this.#remaining = length + LINE_END.length;
  }

  read(chunk: Buffer, from: number): Step<BulkText> {
    const ofText = this.#remaining - LINE_END.length;
    const end = Math.min(chunk.length, from + Math.max(1, ofText));
    if (ofText > 0) {
      this.#filled += chunk.copy(this.#kept, this.#filled, from, end);
    } else if (chunk[from] !== LINE_END.charCodeAt(-ofText)) {
      throw malformed('a text does not end where it says');
    }
    this.#remaining -= end - from;
    if (this.#remaining > 0) {
      return [end];
    }
    return [end, this.#isSkipping ? 'skipped' : { form: this.#form, text: this.#kept }];
  }
}
