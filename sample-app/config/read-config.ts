import type { RedisReplicationOptions } from 'nestjs-redis-replication';
import type { AppConfig } from './app-config.js';
import type { Environment } from './environment.js';
import { readNumber } from './read-number.js';
import { readRedis } from './read-redis.js';
import { readPlace } from './read-place.js';

/**
 * Reads `PORT`, `HOST`, `PAGE_PASSWORD`, where the Redis nodes are and how to log in to them.
 *
 * @throws InvalidConfigError with one line that names the variable.
 */
export function readConfig(all: Environment): AppConfig {
  const environment = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
  return {
    host: environment['HOST'] ?? '127.0.0.1',
    port: readNumber(environment, 'PORT', { least: 0, most: 65_535 }) ?? 3000,
    ...(environment['PAGE_PASSWORD'] !== undefined && { pagePassword: environment['PAGE_PASSWORD'] }),
    replication: readReplication(environment),
  };
}

function readReplication(environment: Environment): RedisReplicationOptions {
  const timeoutMs = readNumber(environment, 'REDIS_HOLD_TIMEOUT_MS', { least: 0, most: 600_000 });
  return {
    ...readPlace(environment),
    redis: readRedis(environment),
    ...(timeoutMs !== undefined && { hold: { timeoutMs } }),
  };
}
