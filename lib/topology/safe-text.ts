import { withoutCredentials } from './without-credentials.js';

/** Of a text from a server, as much is shown. */
const MAX_CHARACTERS = 200;

/** Longer texts are cut before they are searched. */
const MAX_SEARCHED = 1000;

/**
 * A text from a server as it may be shown, in a log or elsewhere: without credentials, on one line, without characters
 * that a terminal obeys, and with at most 200 characters.
 */
export function safeText(text: string): string {
  const safe = oneLine(withoutCredentials(text.slice(0, MAX_SEARCHED)));
  return safe.length > MAX_CHARACTERS ? `${cut(safe, MAX_CHARACTERS - 1)}…` : safe;
}

/** Leaves no half of a character that has two. */
function cut(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}

/**
 * Replaces what would begin another line, move the cursor or turn the direction of writing: control characters, line and
 * paragraph separators, and marks of direction.
 */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim();
}
