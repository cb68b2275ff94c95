import { once } from 'node:events';
import { Redis, type RedisOptions } from 'ioredis';
import { writesKey, type Client, type Place } from './contender.js';

export type IoredisOptions = Omit<RedisOptions, 'replyMapping'>;

export async function openIoredis(options: IoredisOptions): Promise<Redis> {
  const redis = startIoredis(options);
  await once(redis, 'ready');
  return redis;
}

/** Errors reach the caller of each command; without a listener ioredis prints them as well. */
export function startIoredis(options: IoredisOptions): Redis {
  return new Redis(options).on('error', () => undefined);
}

export function tlsOptions({ tls }: Place): IoredisOptions {
  return tls === undefined ? {} : { tls: { ca: tls.ca } };
}

export function toClient(redis: Redis): Client {
  return { write: (id) => redis.rpush(writesKey, id), close: async () => redis.disconnect() };
}
