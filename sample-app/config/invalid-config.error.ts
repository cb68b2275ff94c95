/** The environment does not say what the app needs; the message is one line that says what to set. */
export class InvalidConfigError extends Error {
  override readonly name = 'InvalidConfigError';
}
