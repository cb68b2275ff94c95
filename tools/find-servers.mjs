// The servers that are there. Plain Node.
import { delimiter } from 'node:path';
import { findOnPath } from './find-binary.mjs';
import { findBuiltServers, identifyServer, seriesOf } from './server-versions.mjs';

/**
 * @typedef {object} Server
 * @property {string} path
 * @property {string} name `Redis 8.0.6`
 * @property {string} series `Redis 8.0`
 */

/**
 * Those that `REDIS_SERVER_BINS` names (paths with a colon in between), those that `tools/build-servers.mjs` has built,
 * and those on the `PATH`. Of two with the same version, the first is taken.
 *
 * @returns {Server[]} in the order of their names
 */
export function findServers() {
  const named = (process.env.REDIS_SERVER_BINS ?? '').split(delimiter).filter((path) => path !== '');
  const others = [...findBuiltServers(), findOnPath('redis-server'), findOnPath('valkey-server')];
  const unknown = named.filter((path) => identifyServer(path) === undefined);
  if (unknown.length > 0) throw new Error(`REDIS_SERVER_BINS names what is no server: ${unknown.join(', ')}`);
  const found = new Map();
  for (const path of [...named, ...others]) {
    const server = path && identifyServer(path);
    const name = server && `${server.brand} ${server.version}`;
    if (name && !found.has(name))
      found.set(name, { path, name, series: `${server.brand} ${seriesOf(server.version)}` });
  }
  return [...found.values()].toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}
