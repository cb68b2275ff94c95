import { Command } from 'ioredis';

/** Is refused whenever a write would be, but changes nothing, because the key never exists. */
export function createWriteProbe(key: string, keyPrefix: string | undefined): Command {
  return new Command('set', [key, '1', 'XX'], {
    replyEncoding: 'utf8',
    ...(keyPrefix !== undefined && { keyPrefix }),
  });
}
