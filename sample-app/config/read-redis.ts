import { readFileSync } from 'node:fs';
import type { RedisConnectionOptions } from 'nestjs-redis-replication';
import { InvalidConfigError } from './invalid-config.error.js';
import type { Environment } from './environment.js';

/** The credentials, and whether to use TLS. */
export function readRedis(environment: Environment): RedisConnectionOptions {
  const { REDIS_USERNAME: username, REDIS_PASSWORD: password } = environment;
  if (username !== undefined && password === undefined) {
    throw new InvalidConfigError('REDIS_USERNAME needs REDIS_PASSWORD.');
  }
  const tls = readTls(environment);
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { tls }),
  };
}

function readTls({ REDIS_TLS: wanted, REDIS_CA: file }: Environment): { readonly ca?: Buffer } | undefined {
  if (wanted !== undefined && wanted !== '0' && wanted !== '1') {
    throw new InvalidConfigError(`REDIS_TLS is "${wanted}"; allowed are 1 and 0.`);
  }
  if (wanted !== '1') {
    if (file !== undefined) throw new InvalidConfigError('REDIS_CA needs REDIS_TLS=1.');
    return undefined;
  }
  return file === undefined ? {} : { ca: readAuthority(file) };
}

function readAuthority(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidConfigError(`REDIS_CA names a file that cannot be read: ${reason}.`, { cause: error });
  }
}
