/** Whether the user may not use a command, key or channel, or a provider has renamed or disabled the command. */
export function isForbidden(error: unknown): boolean {
  return error instanceof Error && /^(NOPERM|ERR unknown (sub)?command)/i.test(error.message);
}
