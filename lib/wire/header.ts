import { malformed, ProtocolFault } from './protocol-fault.js';

/** A value of a reply. Maps are flat lists of names and values, and sets are lists, as in RESP2. */
export type Value = string | number | boolean | null | readonly Value[];

/** What a line says: a whole value, or what follows it. */
export type Header =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'error'; readonly text: string }
  | { readonly kind: 'bulk'; readonly form: BulkForm; readonly length: number }
  | { readonly kind: 'list'; readonly form: ListForm; readonly count: number };

export type BulkForm = 'text' | 'verbatim' | 'error';
export type ListForm = 'array' | 'push' | 'attribute';

const TLS_ALERT = 0x15;

/** Checks the first byte of a line, before the rest has arrived: another protocol may not send a line. */
export function checkType(byte: number): void {
  if (byte === TLS_ALERT) {
    throw new ProtocolFault('RESP_TLS', 'the server answers with a TLS alert');
  }
  if (!Object.hasOwn(readers, String.fromCharCode(byte))) {
    const hex = byte.toString(16).padStart(2, '0');
    throw new ProtocolFault('RESP_FOREIGN', `the server sent a reply that begins with the byte 0x${hex}`);
  }
}

/** Reads a line without its end. The types are those of RESP2 and RESP3. */
export function readHeader(line: Buffer): Header {
  const read = readers[line.toString('latin1', 0, 1)];
  return read === undefined ? refuse() : read(line.toString('utf8', 1));
}

const readers: Readonly<Record<string, (text: string) => Header>> = {
  '+': (text) => ({ kind: 'value', value: text }),
  '-': (text) => ({ kind: 'error', text }),
  ':': (text) => ({ kind: 'value', value: /^-?\d{1,15}$/.test(text) ? Number(text) : integerText(text) }),
  $: (text) => bulkOrNil('text', text),
  '*': (text) => (text === '-1' ? nil : { kind: 'list', form: 'array', count: lengthOf(text) }),
  _: (text) => (text === '' ? nil : refuse()),
  '#': (text) => (text === 't' || text === 'f' ? { kind: 'value', value: text === 't' } : refuse()),
  ',': (text) => ({ kind: 'value', value: text }),
  '(': (text) => ({ kind: 'value', value: integerText(text) }),
  '!': (text) => ({ kind: 'bulk', form: 'error', length: lengthOf(text) }),
  '=': (text) => ({ kind: 'bulk', form: 'verbatim', length: verbatimLength(text) }),
  '%': (text) => ({ kind: 'list', form: 'array', count: 2 * lengthOf(text) }),
  '~': (text) => ({ kind: 'list', form: 'array', count: lengthOf(text) }),
  '>': (text) => ({ kind: 'list', form: 'push', count: lengthOf(text) }),
  '|': (text) => ({ kind: 'list', form: 'attribute', count: 2 * lengthOf(text) }),
};

const nil: Header = { kind: 'value', value: null };

function bulkOrNil(form: BulkForm, text: string): Header {
  return text === '-1' ? nil : { kind: 'bulk', form, length: lengthOf(text) };
}

/** At most fifteen digits, which a number holds exactly, also doubled. */
function lengthOf(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : refuse();
}

/** A verbatim text begins with its format: three letters and a colon. */
function verbatimLength(text: string): number {
  const length = lengthOf(text);
  return length < FORMAT_LENGTH ? refuse() : length;
}

export const FORMAT_LENGTH = 4;

function integerText(text: string): string {
  return /^[+-]?\d+$/.test(text) ? text : refuse();
}

function refuse(): never {
  throw malformed('a line is not as its type demands');
}
