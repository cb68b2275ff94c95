import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { until } from '../../lib/testing/servers/until.js';

/** Has the server write its data, once no process of its own is copying them to a replica any more. */
export async function save(server: RedisServer, command: 'SAVE' | 'BGSAVE' = 'SAVE'): Promise<void> {
  await until(`${command} is accepted`, async () => {
    const reply: unknown = await server.command(command).catch((reason: unknown) => reason);
    if (reply instanceof Error && !reply.message.includes('already in progress')) throw reply;
    return !(reply instanceof Error);
  });
}
