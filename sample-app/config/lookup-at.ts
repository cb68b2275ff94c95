import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { InvalidConfigError } from './invalid-config.error.js';

/**
 * Asks this name server instead of those of the operating system. Its answers come with their time to live.
 *
 * @throws InvalidConfigError if it is no address with a port.
 */
export function lookupAt(server: string) {
  const [, host = '', port = ''] = /^\[?([^\]]*?)\]?:(\d{1,5})$/.exec(server) ?? [];
  if (isIP(host) === 0 || Number(port) > 65_535) {
    throw new InvalidConfigError(`REDIS_DNS is "${server}"; allowed is address:port of a name server.`);
  }
  const resolver = new Resolver({ timeout: 1000, tries: 2 });
  resolver.setServers([server]);
  return (hostname: string) => resolver.resolve4(hostname, { ttl: true });
}
