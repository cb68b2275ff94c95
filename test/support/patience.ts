/**
 * What apps of the tests have in common. They poll often, for tests that would otherwise wait for a poll, and do not take a
 * machine that is busy for a moment for a server that hangs; a test of servers that hang may expect an answer sooner.
 */
export const forTests = { pollIntervalMs: 50, replyTimeoutMs: 1000, bootTimeoutMs: 30_000 } as const;
