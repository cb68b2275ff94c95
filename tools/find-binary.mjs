// Where the programs that the tests drive are found. Plain Node: it runs before any package is installed.
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** @returns {string | undefined} the path of a Redis or Valkey server */
export function findRedisServer() {
  return find('REDIS_SERVER_BIN', ['redis-server', 'valkey-server']);
}

/** @returns {string | undefined} the path of a Chromium-like browser */
export function findChromium() {
  return find('CHROMIUM_BIN', ['chromium', 'chromium-browser', 'google-chrome']);
}

/** @returns {string | undefined} the path of a Prometheus server, which has `promtool` beside it */
export function findPrometheus() {
  const server = find('PROMETHEUS_BIN', ['prometheus']);
  return server !== undefined && isExecutable(promtoolOf(server)) ? server : undefined;
}

/**
 * @param {string} server
 * @returns {string}
 */
export function promtoolOf(server) {
  return join(dirname(server), 'promtool');
}

/**
 * A path named by the environment is the only candidate: falling back would run another program than the one asked for.
 *
 * @param {string} variable
 * @param {readonly string[]} names in order of preference
 * @returns {string | undefined}
 */
function find(variable, names) {
  const named = process.env[variable];
  if (named) return isExecutable(named) ? named : undefined;
  return names.map(findOnPath).find((path) => path !== undefined);
}

/**
 * @param {string} name
 * @returns {string | undefined}
 */
export function findOnPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
