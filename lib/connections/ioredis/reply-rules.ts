import { BadReplyError, type ReplyShape } from './reply-nesting.js';

export const PUSH = 62;

/** How many elements ioredis reads of each kind of message, whether they are there or not. */
const READ_OF: ReadonlyMap<string, number> = new Map([
  ['message', 3],
  ['smessage', 3],
  ['pmessage', 4],
  ['subscribe', 3],
  ['ssubscribe', 3],
  ['psubscribe', 3],
]);

/** Requires what ioredis reads of a push, or with RESP2 of an array on a connection that has subscribed. */
export function requireMessage({ size, nils, word }: ReplyShape): void {
  const needed = READ_OF.get(word) ?? 1;
  if (size < needed || (nils & ((1 << needed) - 1)) !== 0) {
    throw new BadReplyError('the node sent a message without its parts');
  }
}

/** Requires that a push does not confirm what a connection that never subscribed has not asked for. */
export function requireUnsubscribed({ word }: ReplyShape): void {
  if (/^[ps]?(un)?subscribe$/.test(word)) {
    throw new BadReplyError('the node confirmed a subscription that no command had asked for');
  }
}

const NUMBERS: ReadonlySet<number> = new Set(Buffer.from(':,#('));

/** Requires what ioredis reads of the reply to `SUBSCRIBE` or `UNSUBSCRIBE`. Others may have any reply. */
export function requireConfirmation(command: string, { type, isNil, size, nils }: ReplyShape): void {
  const isSubscribing = /^[ps]?subscribe$/.test(command);
  const isUnsubscribing = /^[ps]?unsubscribe$/.test(command);
  const isPartial = AGGREGATES.has(type) && (size < 2 || (nils & 2) !== 0);
  if (((isSubscribing || isUnsubscribing) && isNil) || (isSubscribing && (isPartial || NUMBERS.has(type)))) {
    throw new BadReplyError(`the node sent no reply to ${command.toUpperCase()}`);
  }
}

const AGGREGATES: ReadonlySet<number> = new Set(Buffer.from('*~%'));
