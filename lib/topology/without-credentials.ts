/**
 * Removes credentials from an error of a server: since Redis 7.2 a refusal by ACL names the user, and a server or proxy
 * without the command `AUTH` quotes its arguments.
 */
export function withoutCredentials(message: string): string {
  return withoutUser(message).replace(/,? with args beginning with:[^]*$/i, '');
}

/** In linear time, because a server may send a text of any length. */
function withoutUser(message: string): string {
  const from = message.search(/\bUser /);
  const to = message.lastIndexOf(' has no permissions');
  return from >= 0 && to > from ? `${message.slice(0, from)}the user${message.slice(to)}` : message;
}
