// The servers that are supported, and what is known of a server program. Plain Node: it runs before any package is
// installed.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Each is run before a release. The README lists the same. */
export const supportedServers = [
  'Redis 6.2',
  'Redis 7.0',
  'Redis 7.2',
  'Redis 7.4',
  'Redis 8.0',
  'Redis 8.6',
  'Valkey 8.1',
  'Valkey 9.1',
];

/** Where `tools/build-servers.mjs` puts what it builds: a folder for each server, with its program in it. */
export const builtServersFolder = join(
  process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
  'nestjs-redis-replication',
  'servers',
);

/** @returns {string[]} the paths of the programs that were built */
export function findBuiltServers() {
  try {
    return readdirSync(builtServersFolder)
      .filter((name) => /^(redis|valkey)-\d/.test(name))
      .map((name) => join(builtServersFolder, name, `${name.split('-')[0]}-server`));
  } catch {
    return [];
  }
}

/**
 * @param {string} path of a server program
 * @returns {{ brand: 'Redis' | 'Valkey', version: string } | undefined} undefined if it is none
 */
export function identifyServer(path) {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  const [, brand, version] = /^(Redis|Valkey) server v=(\S+)/.exec(stdout ?? '') ?? [];
  return version === undefined ? undefined : { brand: brand === 'Valkey' ? 'Valkey' : 'Redis', version };
}

/**
 * Major and minor, by which servers are supported: `8.0` of `8.0.6`.
 *
 * @param {string} version
 */
export function seriesOf(version) {
  return version.split('.').slice(0, 2).join('.');
}
