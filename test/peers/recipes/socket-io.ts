import { createAdapter } from '@socket.io/redis-adapter';
import type { Redis } from 'ioredis';
import type { Server } from 'socket.io';

/** In an `IoAdapter` of Nest: `createIOServer(…args)` calls it with what `super.createIOServer(…args)` returns. */
export function connectServers(server: Server, writer: Redis): Server {
  return server.adapter(createAdapter(writer, writer.duplicate()));
}
