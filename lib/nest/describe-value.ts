/** A value in an error message. What objects and URLs hold is not shown: it may be a credential. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') {
    return /:\/\/|@/.test(value) ? 'a URL' : `"${value}"`;
  }
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined) {
    return String(value);
  }
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
