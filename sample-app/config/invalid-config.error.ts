/** A setting in the environment is missing or malformed. The message is one line that names what to set. */
export class InvalidConfigError extends Error {
  override readonly name = 'InvalidConfigError';
}
