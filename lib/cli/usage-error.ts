/** The command line or the environment is wrong. The message names what, and quotes nothing that may be a secret. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What is wrong with options, in the words of the command line. */
export function asUsage<T>(run: () => T, rename: (text: string) => string = (text) => text): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof TypeError) {
      throw new UsageError(rename(error.message), { cause: error });
    }
    throw error;
  }
}
