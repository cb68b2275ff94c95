import { Command } from 'ioredis';

/**
 * A write of nothing: `SETRANGE key 0 ""` is refused whenever a write would be, because it may write and may need memory,
 * but it neither changes nor creates any key.
 */
export function createWriteProbe(key: string, keyPrefix: string | undefined): Command {
  return new Command('setrange', [key, 0, ''], {
    replyEncoding: 'utf8',
    ...(keyPrefix !== undefined && { keyPrefix }),
  });
}

/** A key that is no string is accepted too: the server compares the type only after all that can make it refuse a write. */
export async function whenAccepted(probe: Command): Promise<void> {
  try {
    await probe.promise;
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('WRONGTYPE'))) {
      throw error;
    }
  }
}
