import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { RedisConnectionOptions } from '../connections/ioredis/redis-options.js';
import type { Subject } from '../doctor/gather/gather-facts.js';
import type { RedisReplicationOptions } from '../nest/options.js';
import { allFlags, type FlagName } from './flags.js';
import type { Arguments, Environment } from './read-arguments.js';
import { readSource } from './read-source.js';
import { asUsage, UsageError } from './usage-error.js';

/** What is examined, and with which options of the module. */
export interface Examined {
  readonly subject: Subject;
  readonly options: RedisReplicationOptions;
}

/**
 * The options of the module from flags and environment. They are checked by the rules of the module where they are used.
 *
 * @throws UsageError that names what is wrong, and quotes nothing that may be a secret.
 */
export function readSubject(given: Arguments, environment: Environment): Examined {
  const tls = readTls(given, environment);
  const { REDIS_SENTINEL_USERNAME: username = '', REDIS_SENTINEL_PASSWORD: password = '' } = environment;
  const access = {
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    ...(given.has('sentinel-tls') && { tls: readFiles(given, environment) }),
  };
  const found = inWordsOfFlags(() => readSource(given, environment, access));
  const redis: RedisConnectionOptions = {
    ...found.redis,
    ...readRedis(given, environment),
    ...(tls && { tls }),
  };

  return {
    options: { ...readCommon(given), ...found.place, redis },
    subject: {
      source: found.kind,
      given: found.given,
      ...(found.sentinels && { sentinels: found.sentinels }),
    },
  };
}

type Common = Omit<RedisReplicationOptions, 'source' | 'cluster' | 'redis'>;
const OF_MODULE = 'user, password and database belong in the option "redis"';
const OF_COMMAND = 'the login is read from REDIS_USERNAME and REDIS_PASSWORD, the database from --db';

/** Errors of options, with the flag in place of the option that it sets. */
export function inWordsOfFlags<T>(run: () => T): T {
  return asUsage(run, (text) =>
    text.replace(OF_MODULE, OF_COMMAND).replace(/option "([\w.]+)"/g, (whole, option: string) => {
      const [flag] = Object.entries(allFlags).find(([, each]) => each.option === option) ?? [];
      return flag === undefined ? whole : `--${flag}`;
    }),
  );
}

function readRedis(given: Arguments, environment: Environment): RedisConnectionOptions {
  const { REDIS_USERNAME: username = '', REDIS_PASSWORD: password = '' } = environment;
  if (username !== '' && password === '') {
    throw new UsageError('REDIS_USERNAME needs REDIS_PASSWORD');
  }
  const keyPrefix = given.get('key-prefix');
  const [db, family] = [numberOf('db', given), numberOf('family', given)];
  return {
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    ...(db !== undefined && { db }),
    ...(family !== undefined && { family }),
    ...protocolOf(given.get('protocol')),
    ...(keyPrefix !== undefined && { keyPrefix }),
  };
}

function readCommon(given: Arguments): Common {
  const probeKey = given.get('probe-key');
  const replyTimeoutMs = numberOf('reply-timeout-ms', given);
  const minReplicas = numberOf('min-replicas', given);
  return {
    ...(probeKey !== undefined && { probeKey }),
    ...(replyTimeoutMs !== undefined && { replyTimeoutMs }),
    ...(minReplicas !== undefined && { minReplicas }),
    ...(given.has('require-majority') && { requireMajority: true }),
  };
}

function numberOf(name: FlagName, given: Arguments): number | undefined {
  const text = given.get(name);
  if (text !== undefined && !/^\d{1,15}$/.test(text)) {
    throw new UsageError(`--${name} is no whole number`);
  }
  return text === undefined ? undefined : Number(text);
}

function protocolOf(text: string | undefined): { readonly protocol?: 2 | 3 } {
  const protocol = ([2, 3] as const).find((each) => String(each) === text);
  if (text !== undefined && protocol === undefined) {
    throw new UsageError('--protocol is none of 2 and 3');
  }
  return protocol === undefined ? {} : { protocol };
}

const FILES = ['ca', 'cert', 'key', 'servername'] as const satisfies readonly FlagName[];

function readTls(given: Arguments, environment: Environment): ConnectionOptions | undefined {
  const unused = FILES.find((name) => given.has(name));
  if (!given.has('tls')) {
    if (unused !== undefined && !given.has('sentinel-tls')) {
      throw new UsageError(`--${unused} needs --tls`);
    }
    return undefined;
  }
  return readFiles(given, environment);
}

function readFiles(given: Arguments, environment: Environment): ConnectionOptions {
  const servername = given.get('servername');
  const passphrase = environment['REDIS_KEY_PASSPHRASE'] ?? '';
  return {
    ...file('ca', given),
    ...file('cert', given),
    ...file('key', given),
    ...(passphrase !== '' && { passphrase }),
    ...(servername !== undefined && { servername }),
  };
}

function file(name: 'ca' | 'cert' | 'key', given: Arguments): ConnectionOptions {
  const path = given.get(name);
  try {
    return path === undefined ? {} : { [name]: readFileSync(path) };
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new UsageError(`--${name} names a file that cannot be read (${reason})`, { cause: error });
  }
}
