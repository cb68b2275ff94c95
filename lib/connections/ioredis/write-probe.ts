import { Command } from 'ioredis';

/** Meets every refusal a write meets, and changes nothing: the key never exists. */
export function createWriteProbe(key: string, keyPrefix: string | undefined): Command {
  return new Command('set', [key, '1', 'XX'], {
    replyEncoding: 'utf8',
    ...(keyPrefix !== undefined && { keyPrefix }),
  });
}
