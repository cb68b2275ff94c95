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

/** `host:port` of the node that it is connected to. */
export function nodeOf(redis: Redis): string | undefined {
  // While it is not connected there is no stream, or one without an address.
  if (redis.status !== 'ready') return undefined;
  const { remoteAddress, remotePort } = redis.stream;
  return `${remoteAddress}:${remotePort}`;
}

export function toClient(redis: Redis): Client {
  return { write: (id) => redis.rpush(writesKey, id), close: async () => redis.disconnect() };
}
