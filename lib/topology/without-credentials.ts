/**
 * Removes credentials from an error of a server: since Redis 7.2 a refusal by ACL names the user, and a server or proxy
 * without the command `AUTH` quotes its arguments.
 */
export function withoutCredentials(message: string): string {
  return message
    .replace(/\bUser .+ has no permissions\b/, 'the user has no permissions')
    .replace(/,? with args beginning with:[^]*$/i, '');
}
