import { expect } from 'vitest';

/** The matchers of the runner, which are of type `any`, with a type that can take the place of a value. */
export const aNumber: unknown = expect.any(Number);

export function containing(text: string): unknown {
  return expect.stringContaining(text);
}

export function matching(pattern: string | RegExp): unknown {
  return expect.stringMatching(pattern);
}

export function withFields(fields: object): unknown {
  return expect.objectContaining(fields);
}
