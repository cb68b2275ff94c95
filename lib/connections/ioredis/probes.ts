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
export async function whenAccepted(reply: Promise<unknown>): Promise<void> {
  try {
    await reply;
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('WRONGTYPE'))) {
      throw error;
    }
  }
}

/** A read of nothing, which every user that may use the key at all may run. */
export function createReadProbe(key: string, keyPrefix: string | undefined): Command {
  return new Command('exists', [key], {
    replyEncoding: 'utf8',
    ...(keyPrefix !== undefined && { keyPrefix }),
  });
}
