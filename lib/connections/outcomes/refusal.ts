/**
 * Replies that say the server did not apply the command because of its own state, so that another node (or the same
 * one later) will: always safe to send again. Scripts of Redis 6 and earlier wrap the code in a text of their own.
 * First words are the same on Redis 7, 8 and Valkey 8, 9.
 */
export function isStateRefusal(message: string): boolean {
  return (
    FIRST_WORD.test(message) ||
    WRAPPED_BY_SCRIPT.test(message) ||
    message.startsWith('UNBLOCKED force unblock')
  );
}

/** A transaction that was discarded because the server refused one of its commands: none of them ran. */
export function isDiscarded(message: string): boolean {
  return message.startsWith('EXECABORT');
}

/** A discarded transaction whose reason is the state of the server, not a mistake in a command. */
export function isDiscardedByState(message: string): boolean {
  return isDiscarded(message) && /\b(READONLY|LOADING|MASTERDOWN)\b/.test(message);
}

/** A script has been running for long: the server will do again once that is over, and no other is any better. */
export function isBusy(message: string): boolean {
  return message.startsWith('BUSY');
}

const FIRST_WORD = /^(READONLY|REDIRECT|LOADING|MASTERDOWN)\b/;
/** With its dash: without, it would be an error that the script itself made up, after it had run. */
const WRAPPED_BY_SCRIPT = /^ERR .*script.* -(READONLY|LOADING|MASTERDOWN) /;
