/** Describes a value for an error message. Hides the contents of objects and URLs, which may include credentials. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') {
    return /:\/\/|@/.test(value) ? 'a URL' : `"${value}"`;
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
