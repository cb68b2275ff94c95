import { createAdapter } from '@socket.io/redis-streams-adapter';
import type { Redis } from 'ioredis';
import type { Server } from 'socket.io';

export function connectServers(server: Server, writer: Redis): Server {
  return server.adapter(createAdapter(writer));
}
