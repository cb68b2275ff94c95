/** A command, key or channel that the user may not use, or a command that a provider renamed or disabled. */
export function isForbidden(error: unknown): boolean {
  return error instanceof Error && /^(NOPERM|ERR unknown (sub)?command)/i.test(error.message);
}
