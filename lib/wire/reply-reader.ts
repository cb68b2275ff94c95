import { BulkReader, type BulkText } from './bulk-reader.js';
import { FORMAT_LENGTH, readHeader, type Header, type ListForm, type Value } from './header.js';
import {
  MAX_DEPTH,
  MAX_LINE_BYTES,
  MAX_PUSH_BYTES,
  MAX_PUSH_ELEMENTS,
  MAX_REPLY_BYTES,
  MAX_REPLY_ELEMENTS,
} from './limits.js';
import { LineReader, type Step } from './line-reader.js';
import { malformed, tooLarge } from './protocol-fault.js';

/** What a server sends: the reply to a command, an error in its place, or a push, which is no reply. */
export type Frame =
  | { readonly kind: 'reply'; readonly value: Value }
  | { readonly kind: 'error'; readonly text: string }
  | { readonly kind: 'push'; readonly items: readonly Value[] };

/** A list whose elements are still arriving. */
interface List {
  readonly form: ListForm;
  remaining: number;
  /** `undefined`: the elements are read but not kept. */
  items: Value[] | undefined;
}

/**
 * Reads RESP2 and RESP3 as it arrives, in linear time. What it keeps is bounded by `limits.ts`, whatever a server sends:
 * a reply beyond them is a fault, a push is skipped, and an error is cut. How the bytes are split does not matter.
 */
export class ReplyReader {
  /** The lists that contain what is read next, outermost first. */
  readonly #lists: List[] = [];
  readonly #line = new LineReader();
  #bulk: BulkReader | undefined;
  /** Of the reply or push that is arriving. */
  #bytes = 0;
  #elements = 0;

  /** @throws ProtocolFault after which the reader must not be used any more. */
  *read(chunk: Buffer): Generator<Frame, void, undefined> {
    let at = 0;
    while (at < chunk.length) {
      const [end, frame] = this.#bulk === undefined ? this.#readLine(chunk, at) : this.#readBulk(chunk, at);
      at = end;
      if (frame !== undefined) {
        yield frame;
      }
    }
  }

  #readLine(chunk: Buffer, from: number): Step<Frame> {
    const [end, line] = this.#line.read(chunk, from);
    return [end, line && this.#begin(readHeader(line))];
  }

  #readBulk(chunk: Buffer, from: number): Step<Frame> {
    const [end, bulk] = this.#bulk?.read(chunk, from) ?? [from];
    if (bulk === undefined) {
      return [end];
    }
    this.#bulk = undefined;
    return [end, this.#addBulk(bulk)];
  }

  #begin(header: Header): Frame | undefined {
    this.#count(header);
    switch (header.kind) {
      case 'value':
        return this.#add(header.value);
      case 'error':
        return this.#addError(header.text);
      case 'bulk':
        this.#bulk = new BulkReader({
          ...header,
          keptLength: this.#isKeeping ? keptLength(header) : 0,
        });
        return undefined;
      case 'list':
        return this.#beginList(header.form, header.count);
      default:
        return header satisfies never;
    }
  }

  #beginList(form: ListForm, count: number): Frame | undefined {
    if (this.#lists.length >= MAX_DEPTH) {
      throw tooLarge(`a reply that is nested more than ${MAX_DEPTH} levels deep`);
    }
    if (form === 'push' && this.#lists.length > 0) {
      throw malformed('there is a push inside of it');
    }
    const items = this.#isKeeping && form !== 'attribute' ? [] : undefined;
    this.#lists.push({ form, remaining: count, items });
    return count === 0 ? this.#closeLists() : undefined;
  }

  #addBulk(bulk: BulkText): Frame | undefined {
    if (bulk === 'skipped') {
      return this.#add(null);
    }
    const { form, text } = bulk;
    if (form === 'error') {
      return this.#addError(text.toString('utf8'));
    }
    return this.#add(text.toString('utf8', form === 'verbatim' ? FORMAT_LENGTH : 0));
  }

  /** An error inside of a list is its text. */
  #addError(text: string): Frame | undefined {
    return this.#lists.length === 0 ? { kind: 'error', text } : this.#add(text);
  }

  #add(value: Value): Frame | undefined {
    const list = this.#lists.at(-1);
    if (list === undefined) {
      return { kind: 'reply', value };
    }
    list.items?.push(value);
    list.remaining -= 1;
    return list.remaining === 0 ? this.#closeLists() : undefined;
  }

  /** Closes the innermost list, and those around it that end with it. */
  #closeLists(): Frame | undefined {
    for (let list = this.#lists.pop(); list !== undefined; list = this.#lists.pop()) {
      const { form, items } = list;
      const around = this.#lists.at(-1);
      if (form === 'attribute') {
        // It says something about the value that follows, and nobody asks for it.
        return undefined;
      }
      if (around === undefined) {
        return frameOf(form, items);
      }
      around.items?.push(items ?? null);
      around.remaining -= 1;
      if (around.remaining > 0) {
        return undefined;
      }
    }
    return undefined;
  }

  get #isKeeping(): boolean {
    const list = this.#lists.at(-1);
    return list === undefined || list.items !== undefined;
  }

  /** Applies the limits before anything is kept. */
  #count(header: Header): void {
    if (this.#lists.length === 0) {
      this.#bytes = 0;
      this.#elements = 0;
    }
    if (!this.#isKeeping || (header.kind === 'list' && header.form === 'attribute')) {
      return;
    }
    this.#bytes += sizeOf(header);
    this.#elements += header.kind === 'list' ? header.count : 0;
    const isPush = this.#lists[0]?.form === 'push' || (header.kind === 'list' && header.form === 'push');
    if (!isPush && (this.#bytes > MAX_REPLY_BYTES || this.#elements > MAX_REPLY_ELEMENTS)) {
      throw tooLarge(`a reply of more than ${MAX_REPLY_BYTES} bytes or ${MAX_REPLY_ELEMENTS} elements`);
    }
    if (isPush && (this.#bytes > MAX_PUSH_BYTES || this.#elements > MAX_PUSH_ELEMENTS)) {
      this.#skip();
    }
  }

  /** Drops what is kept of the push, and keeps nothing more of it. */
  #skip(): void {
    for (const list of this.#lists) {
      list.items = undefined;
    }
  }
}

/** A push that was skipped is no frame. */
function frameOf(form: ListForm, items: readonly Value[] | undefined): Frame | undefined {
  if (items === undefined) {
    return undefined;
  }
  return form === 'push' ? { kind: 'push', items } : { kind: 'reply', value: items };
}

type BulkHeader = Header & { readonly kind: 'bulk' };

/** Of an error, a part is enough. */
function keptLength({ form, length }: BulkHeader): number {
  return form === 'error' ? Math.min(length, MAX_LINE_BYTES) : length;
}

/** The bytes of text that are kept of it. */
function sizeOf(header: Header): number {
  switch (header.kind) {
    case 'value':
      return typeof header.value === 'string' ? header.value.length : 0;
    case 'error':
      return header.text.length;
    case 'bulk':
      return keptLength(header);
    case 'list':
      return 0;
    default:
      return header satisfies never;
  }
}
