import type { Command } from 'ioredis';
import { MAX_INFO_LENGTH, readInfoText } from '../../replies/info-text.js';
import { askRole } from './role-without-info.js';

/**
 * The part of an `INFO` reply that ioredis may read. Where others have written into it (M21), that is the role from a reply
 * into which they cannot write.
 *
 * @throws Error if the reply is longer than any that is read.
 */
export async function readableInfo(reply: unknown, send: (hello: Command) => unknown): Promise<unknown> {
  if (typeof reply !== 'string') {
    return reply;
  }
  if (reply.length > MAX_INFO_LENGTH) {
    throw new Error(`its INFO has ${reply.length} characters; at most ${MAX_INFO_LENGTH} are read`);
  }
  return readInfoText(reply).trust === 'plain' ? reply : askRole(send);
}
