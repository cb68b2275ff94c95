/** An error that a server sent in place of a reply. The message begins with its code, such as `NOAUTH`. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
}
