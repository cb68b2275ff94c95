/**
 * Whether the server did not apply the command because of its own state, so that the command can safely be sent again,
 * to another node or later to the same one. Redis 6 wraps the error code of a command within a script in a longer text;
 * later versions do not. The error codes are the same in Redis 7 and 8 and Valkey 8 and 9.
 */
export function isStateRefusal(message: string): boolean {
  return (
    FIRST_WORD.test(message) ||
    WRAPPED_BY_SCRIPT.test(message) ||
    RETURNED_BY_SCRIPT.test(message) ||
    message.startsWith('UNBLOCKED force unblock')
  );
}

/** Whether a transaction was discarded because the server refused one of its commands. None of them ran. */
export function isDiscarded(message: string): boolean {
  return message.startsWith('EXECABORT');
}

/** Whether a transaction was discarded because of the state of the server, not because of a mistake in a command. */
export function isDiscardedByState(message: string): boolean {
  return isDiscarded(message) && /\b(READONLY|LOADING|MASTERDOWN)\b/.test(message);
}

/** Whether a long-running script blocks the server. The command can succeed later, on the same server. */
export function isBusy(message: string): boolean {
  return message.startsWith('BUSY');
}

const FIRST_WORD = /^(READONLY|REDIRECT|LOADING|MASTERDOWN)\b/;
/**
 * From `redis.call`. Requires the dash: without it, the text comes from the script itself, which may have written
 * already. With it, a command of the script was refused, and then none before it can have written either, because a
 * server does not change its role while a script runs.
 */
const WRAPPED_BY_SCRIPT = /^ERR .*script.* -(READONLY|LOADING|MASTERDOWN) /;
/** From `redis.pcall`, whose error the script returned. The number is the line of the script. */
const RETURNED_BY_SCRIPT = /^@user_script: \d+: -(READONLY|LOADING|MASTERDOWN) /;
