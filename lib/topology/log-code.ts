/**
 * Names one kind of line of the log for good; `docs/log-messages.md` explains each.
 *
 * @publicApi
 */
export type LogCode = `RR${number}`;
