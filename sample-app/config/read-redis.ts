import type { RedisConnectionOptions } from 'nestjs-redis-replication';
import { InvalidConfigError } from './invalid-config.error.js';
import type { Environment } from './environment.js';
import { readTls } from './read-tls.js';

/** The credentials, and whether to use TLS. */
export function readRedis(environment: Environment): RedisConnectionOptions {
  const { REDIS_USERNAME: username, REDIS_PASSWORD: password } = environment;
  if (username !== undefined && password === undefined) {
    throw new InvalidConfigError('REDIS_USERNAME needs REDIS_PASSWORD.');
  }
  const tls = readTls(environment, 'REDIS_TLS');
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { tls }),
  };
}
