/**
 * The words of a server, less what they may quote of a credential: a refusal by ACL names the user since Redis 7.2, and
 * a server or proxy that does not know `AUTH` repeats its arguments.
 */
export function withoutCredentials(message: string): string {
  return message
    .replace(/\bUser .+ has no permissions\b/, 'the user has no permissions')
    .replace(/,? with args beginning with:[^]*$/i, '');
}
