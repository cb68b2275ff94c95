/**
 * Describes a value for an error message. Texts are not quoted, apart from numbers and booleans: a connection string of any
 * kind may have been pasted where another value belongs, and every part of it may be a secret. Nor are the contents of
 * objects shown.
 */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') {
    return isPlainValue(value) ? `"${value}"` : describeText(value);
  }
  if (typeof value === 'number' || typeof value === 'boolean') {
    return String(value);
  }
  return describeType(value);
}

/** Describes a value that may be a secret. */
export function describeType(value: unknown): string {
  if (value === null || value === undefined) {
    return String(value);
  }
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}

/** The name of an unknown option. What is no name may be a value that was pasted in its place. */
export function describeKey(key: string): string {
  return /^[A-Za-z_$][\w$]{0,39}$/.test(key) ? key : '…';
}

function isPlainValue(text: string): boolean {
  return text === '' || text === 'true' || text === 'false' || /^-?\d{1,10}(\.\d{1,5})?$/.test(text);
}

/** What kind of text it looks like, as a hint at where it came from. */
function describeText(text: string): string {
  const [, kind] = kinds.find(([looks]) => looks.test(text)) ?? [];
  return kind ?? 'a string';
}

const kinds: readonly (readonly [RegExp, string])[] = [
  [/^\s*$/, 'a string of blanks'],
  [/^\s*[[{]\s*"/, 'a string of JSON'],
  [/:\/\/|@/, 'a URL'],
  [/=/, 'a string with "="'],
  [/[,;]/, 'a string with several parts'],
  [/:/, 'a string with ":"'],
  [/\s/, 'a string with blanks'],
];
